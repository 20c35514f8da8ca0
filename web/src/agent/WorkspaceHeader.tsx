import { Button, Text, makeStyles, tokens } from '@fluentui/react-components';
import { SignOutRegular } from '@fluentui/react-icons';
import { useTranslation } from 'react-i18next';
import { visuallyHidden } from '../ui/visuallyHidden';
import { Header } from '../ui/Header';
import { CapacityMeter } from './CapacityMeter';
import { PresenceSelect } from './PresenceSelect';
import { useWorkspace } from './WorkspaceContext';

const useStyles = makeStyles({
  heading: visuallyHidden,
  name: { fontWeight: tokens.fontWeightSemibold, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
});

export function WorkspaceHeader({ onSignOut }: { onSignOut: () => void }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { api, state } = useWorkspace();

  const signOut = () => {
    // Otherwise offers would still come until the server misses the heartbeat.
    api.choosePresence('offline').catch(() => undefined);
    onSignOut();
  };

  return (
    <Header>
      <h1 className={styles.heading}>{t('signIn.heading')}</h1>
      {state.agent !== null && (
        <>
          <Text className={styles.name} data-testid="agent-name">
            {state.agent.name}
          </Text>
          <CapacityMeter capacity={state.agent.capacity} />
          <PresenceSelect presence={state.agent.presence} />
        </>
      )}
      <Button
        appearance="subtle"
        icon={<SignOutRegular />}
        aria-label={t('signOut')}
        onClick={signOut}
        data-testid="sign-out"
      />
    </Header>
  );
}
