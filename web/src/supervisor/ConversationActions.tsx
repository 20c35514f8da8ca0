import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Status, SupervisedConversation } from '../api/types';
import type { ConversationAction } from './ConversationsTable';

const ASSIGNABLE: readonly Status[] = ['queued', 'offered', 'active', 'waiting'];

const useStyles = makeStyles({
  actions: { display: 'inline-flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS },
});

interface ConversationActionsProps {
  conversation: SupervisedConversation;
  onChoose: (action: ConversationAction) => void;
}

/** Asking why, and what the conversation's status allows a supervisor. */
export function ConversationActions({ conversation, onChoose }: ConversationActionsProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const name = conversation.customerName ?? t('conversations.anonymous');
  return (
    <span className={styles.actions}>
      <Button
        size="small"
        onClick={() => onChoose('explain')}
        aria-label={t('conversations.explainNamed', { name })}
        data-testid="explain"
      >
        {t('conversations.explain')}
      </Button>
      {ASSIGNABLE.includes(conversation.status) && (
        <Button
          size="small"
          onClick={() => onChoose('assign')}
          aria-label={t('conversations.assignNamed', { name })}
          data-testid="assign"
        >
          {t('conversations.assign')}
        </Button>
      )}
      {conversation.status !== 'closed' && (
        <Button
          size="small"
          onClick={() => onChoose('close')}
          aria-label={t('conversations.closeNamed', { name })}
          data-testid="close"
        >
          {t('conversations.close')}
        </Button>
      )}
    </span>
  );
}
