import { Subtitle1, makeStyles, tokens } from '@fluentui/react-components';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { hasCode } from '../api/errors';
import type { ChatToken } from '../api/types';
import { type OutboxItem, pendingOf } from '../lib/outbox';
import { useOutbox } from '../lib/useOutbox';
import { ConnectionBar } from '../ui/ConnectionBar';
import { Transcript } from '../ui/Transcript';
import { bubbleOf, pendingBubbleOf } from '../ui/messageBubbles';
import { ChatComposer } from './ChatComposer';
import { ChatEnded } from './ChatEnded';
import { EndChat } from './EndChat';
import { StatusLine } from './StatusLine';
import { createChatApi } from './chatApi';
import { isOver } from './chatState';
import { useChat } from './useChat';
import type { ChatSession } from './useChatSession';
import { useTokenRenewal } from './useTokenRenewal';

const useStyles = makeStyles({
  main: {
    boxSizing: 'border-box',
    flexGrow: 1,
    minHeight: 0,
    width: '100%',
    maxWidth: '760px',
    margin: '0 auto',
    display: 'flex',
    flexDirection: 'column',
    backgroundColor: tokens.colorNeutralBackground1,
    '@media (min-width: 800px)': {
      borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
      borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    },
  },
  top: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

interface ChatRoomProps {
  session: ChatSession;
  onRenewed: (token: ChatToken) => void;
  onRated: () => void;
  onLeave: () => void;
}

/** One chat, from its first message to the survey. */
export function ChatRoom({ session, onRenewed, onRated, onLeave }: ChatRoomProps) {
  const styles = useStyles();
  const { t } = useTranslation('chat');
  const { t: tCommon } = useTranslation('common');
  const { conversationId, token } = session;
  const api = useMemo(() => createChatApi(conversationId, token), [conversationId, token]);
  const { state, isConnected, isLost, markClosed } = useChat(api);
  useTokenRenewal(api, session.expiresAt, onRenewed);

  const deliver = useCallback(
    async (item: OutboxItem) => {
      try {
        await api.send(item.text, item.clientMessageId);
      } catch (error) {
        if (hasCode(error, 'conversation-closed')) {
          markClosed();
        }
        throw error;
      }
    },
    [api, markClosed],
  );
  const outbox = useOutbox(`atende.chat.outbox.${conversationId}`, deliver);
  const bubbles = [
    ...state.messages.map((message) => bubbleOf(message, 'customer', tCommon)),
    ...pendingOf(outbox.items, conversationId, state.messages).map((item) =>
      pendingBubbleOf(item, 'customer', tCommon),
    ),
  ];
  const send = (text: string) => outbox.add({ conversationId, text, visibility: 'public' });
  const isDone = isLost || isOver(state.status);

  return (
    <main className={styles.main}>
      <div className={styles.top}>
        <div>
          <Subtitle1 as="h1">{t('chatHeading')}</Subtitle1>
          <StatusLine state={state} isLost={isLost} />
        </div>
        {!isDone && <EndChat api={api} />}
      </div>
      <ConnectionBar isConnected={isConnected} />
      <Transcript bubbles={bubbles} />
      {isDone ? (
        <ChatEnded api={api} canRate={!isLost} isRated={session.isRated} onRated={onRated} onLeave={onLeave} />
      ) : (
        <ChatComposer api={api} onSend={send} />
      )}
    </main>
  );
}
