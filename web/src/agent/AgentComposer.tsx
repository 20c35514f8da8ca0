import { Switch, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isString } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';
import { Composer } from '../ui/Composer';
import { TypingIndicator } from './TypingIndicator';
import { useWorkspace } from './WorkspaceContext';
import { useCustomerName } from './useCustomerName';

const useStyles = makeStyles({
  composer: { borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
  note: { backgroundColor: tokens.colorStatusWarningBackground1 },
});

export function AgentComposer({ conversationId }: { conversationId: string }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { outbox, typists } = useWorkspace();
  const name = useCustomerName(conversationId);
  const [draft, setDraft] = useSessionState(`atende.agent.draft.${conversationId}`, '', isString);
  const [isNote, setIsNote] = useState(false);

  const send = (text: string) => {
    outbox.add({ conversationId, text, visibility: isNote ? 'internal' : 'public' });
    // A note is the exception; the next message is for the customer again.
    setIsNote(false);
  };

  return (
    <div className={mergeClasses(styles.composer, isNote && styles.note)}>
      <TypingIndicator name={typists.has(conversationId) ? name : null} />
      <Composer
        draft={draft}
        onDraft={setDraft}
        onSend={send}
        label={t(isNote ? 'conversation.noteLabel' : 'conversation.messageLabel')}
      >
        <Switch
          checked={isNote}
          onChange={(_, data) => setIsNote(data.checked)}
          label={t('conversation.noteToggle')}
          data-testid="note-toggle"
        />
      </Composer>
    </div>
  );
}
