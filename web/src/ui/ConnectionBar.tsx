import { Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({
  bar: {
    display: 'flex',
    justifyContent: 'center',
    padding: tokens.spacingVerticalXS,
    backgroundColor: tokens.colorStatusWarningBackground1,
    color: tokens.colorStatusWarningForeground3,
  },
});

/** Says discreetly that the server cannot be reached. The region stays, so that its change is read out. */
export function ConnectionBar({ isConnected }: { isConnected: boolean }) {
  const styles = useStyles();
  const { t } = useTranslation('common');
  return (
    <div role="status" data-testid="connection">
      {!isConnected && (
        <div className={styles.bar}>
          <Spinner size="extra-tiny" label={t('connectionLost')} />
        </div>
      )}
    </div>
  );
}
