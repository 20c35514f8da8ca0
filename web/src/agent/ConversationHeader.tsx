import { Button, CounterBadge, ToggleButton, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { ArrowLeftRegular, InfoRegular } from '@fluentui/react-icons';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../api/types';
import { ConversationActions } from './ConversationActions';
import { StatusBadge } from './StatusBadge';
import { useWorkspace } from './WorkspaceContext';
import { useCustomerName } from './useCustomerName';

const useStyles = makeStyles({
  header: {
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  title: { ...typographyStyles.subtitle1, outlineStyle: 'none' },
  back: { '@media (min-width: 760px)': { display: 'none' } },
  details: { '@media (min-width: 1100px)': { display: 'none' } },
  actions: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS, marginLeft: 'auto' },
});

interface ConversationHeaderProps {
  conversation: Conversation;
  isDetailed: boolean;
  onDetailed: () => void;
}

export function ConversationHeader({ conversation, isDetailed, onDetailed }: ConversationHeaderProps) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { state, open } = useWorkspace();
  const name = useCustomerName(conversation.id);
  const title = useRef<HTMLHeadingElement>(null);
  const offerCount = Object.keys(state.offers).length;

  // Who opened the conversation goes on reading here.
  useEffect(() => title.current?.focus(), []);

  return (
    <div className={styles.header}>
      <Button
        className={styles.back}
        appearance="subtle"
        icon={<ArrowLeftRegular />}
        aria-label={`${t('conversation.back')}, ${t('offers.count', { count: offerCount })}`}
        onClick={() => open(null)}
        data-testid="back"
      >
        {offerCount > 0 && <CounterBadge count={offerCount} color="danger" />}
      </Button>
      <h2 id="conversation" ref={title} tabIndex={-1} className={styles.title}>
        {name}
      </h2>
      <StatusBadge status={conversation.status} />
      <div className={styles.actions}>
        <ConversationActions conversation={conversation} />
        <ToggleButton
          size="small"
          className={styles.details}
          icon={<InfoRegular />}
          aria-label={t('conversation.details')}
          checked={isDetailed}
          onClick={onDetailed}
          data-testid="details"
        />
      </div>
    </div>
  );
}
