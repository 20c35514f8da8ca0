import { useTranslation } from 'react-i18next';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import { Header } from '../ui/Header';
import { ChatRoom } from './ChatRoom';
import { StartForm } from './StartForm';
import { useChatSession } from './useChatSession';

export function ChatPage() {
  const { t } = useTranslation('chat');
  const { session, name, previousConversationId, begin, renew, markRated, leave } = useChatSession();
  useDocumentTitle(t('title'));
  return (
    <>
      <Header />
      {session === null ? (
        <StartForm initialName={name} previousConversationId={previousConversationId} onStarted={begin} />
      ) : (
        <ChatRoom
          key={session.conversationId}
          session={session}
          onRenewed={renew}
          onRated={markRated}
          onLeave={leave}
        />
      )}
    </>
  );
}
