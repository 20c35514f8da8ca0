import { Spinner, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../api/types';
import { pendingOf } from '../lib/outbox';
import { Transcript } from '../ui/Transcript';
import { bubbleOf, pendingBubbleOf } from '../ui/messageBubbles';
import { AgentComposer } from './AgentComposer';
import { ContextPanel } from './ContextPanel';
import { FootHint } from './FootHint';
import { ConversationHeader } from './ConversationHeader';
import { useWorkspace } from './WorkspaceContext';
import { WrapUpPanel } from './WrapUpPanel';
import { isLoaded, transcriptOf } from './inbox/select';

/** Below this width the details lie over the conversation, and only when asked for. */
export const MEDIUM = '@media (max-width: 1099px)';

const useStyles = makeStyles({
  pane: {
    flexGrow: 1,
    minHeight: 0,
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
  },
  body: { flexGrow: 1, minHeight: 0, display: 'flex' },
  talk: { flexGrow: 1, minWidth: 0, minHeight: 0, display: 'flex', flexDirection: 'column' },
  details: {
    boxSizing: 'border-box',
    width: '300px',
    flexShrink: 0,
    overflowY: 'auto',
    padding: tokens.spacingHorizontalL,
    borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
    [MEDIUM]: { display: 'none' },
  },
  detailsShown: { [MEDIUM]: { display: 'block', width: '100%', borderLeft: 'none' } },
  hiddenByDetails: { [MEDIUM]: { display: 'none' } },
});

/** One conversation: what was said, what is known, what can be done. */
export function ConversationPane({ conversation }: { conversation: Conversation }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { t: tCommon } = useTranslation('common');
  const { state, outbox } = useWorkspace();
  const [isDetailed, setIsDetailed] = useState(false);

  const messages = transcriptOf(state, conversation.id);
  const bubbles = [
    ...messages.map((message) => bubbleOf(message, 'centre', tCommon)),
    ...pendingOf(outbox.items, conversation.id, messages).map((item) => pendingBubbleOf(item, 'centre', tCommon)),
  ];

  return (
    <section className={styles.pane} aria-labelledby="conversation">
      <ConversationHeader
        conversation={conversation}
        isDetailed={isDetailed}
        onDetailed={() => setIsDetailed((old) => !old)}
      />
      <div className={styles.body}>
        <div className={mergeClasses(styles.talk, isDetailed && styles.hiddenByDetails)}>
          {isLoaded(state, conversation.id) ? (
            <Transcript bubbles={bubbles} />
          ) : (
            <Spinner label={t('conversation.loading')} />
          )}
          <PaneFoot conversation={conversation} />
        </div>
        <aside
          className={mergeClasses(styles.details, isDetailed && styles.detailsShown)}
          aria-label={t('context.heading')}
        >
          <ContextPanel conversation={conversation} />
        </aside>
      </div>
    </section>
  );
}

/** What the status leaves to do with the text. */
function PaneFoot({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation('agent');
  switch (conversation.status) {
    case 'active':
      return <AgentComposer conversationId={conversation.id} />;
    case 'wrapUp':
      return <WrapUpPanel conversationId={conversation.id} />;
    default:
      return <FootHint text={t('conversation.reopenHint')} />;
  }
}
