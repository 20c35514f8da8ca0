import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OutboxItem } from '../lib/outbox';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import { useOutbox } from '../lib/useOutbox';
import type { StaffSession } from '../staff/useStaffSession';
import { ConnectionBar } from '../ui/ConnectionBar';
import { Notices } from './Notices';
import { WorkspaceContext } from './WorkspaceContext';
import { WorkspaceHeader } from './WorkspaceHeader';
import { WorkspaceLayout } from './WorkspaceLayout';
import { createAgentApi } from './agentApi';
import type { KnownEvent } from './inbox/events';
import { useInbox } from './inbox/useInbox';
import { useViews } from './inbox/useViews';
import { announcementOf } from './noticeTexts';
import { useHeartbeat } from './useHeartbeat';
import { useNotices } from './useNotices';
import { useTypists } from './useTypists';

interface WorkspaceProps {
  session: StaffSession;
  onSignOut: () => void;
  onGivenUp: (error: unknown) => void;
}

/** Where a signed-in agent works. Keeps in touch with the server and shares what it tells with the parts. */
export function Workspace({ session, onSignOut, onGivenUp }: WorkspaceProps) {
  const { t } = useTranslation('agent');
  const api = useMemo(() => createAgentApi(session.token), [session.token]);
  const [openId, open] = useState<string | null>(null);
  const { notices, notify, dismiss } = useNotices();

  const { typists, onEvent: noteTyping } = useTypists();
  const onEvent = useCallback(
    (event: KnownEvent) => {
      noteTyping(event);
      const text = announcementOf(event);
      if (text !== null) {
        notify(text);
      }
    },
    [notify, noteTyping],
  );
  const { state, dispatch, isConnected } = useInbox(api, { onEvent, onGivenUp });
  useViews(api, state, dispatch);
  useHeartbeat(api);

  const deliver = useCallback(
    (item: OutboxItem) => {
      const { conversationId, text, visibility, clientMessageId } = item;
      return api.send(conversationId, text, visibility, clientMessageId);
    },
    [api],
  );
  const outbox = useOutbox(`atende.agent.outbox.${session.user}`, deliver);

  const offerCount = Object.keys(state.offers).length;
  useDocumentTitle(offerCount > 0 ? t('titleWithOffers', { count: offerCount }) : t('title'));

  const value = useMemo(
    () => ({ api, state, typists, outbox, notify, openId, open }),
    [api, state, typists, outbox, notify, openId],
  );
  return (
    <WorkspaceContext value={value}>
      <WorkspaceHeader onSignOut={onSignOut} />
      <ConnectionBar isConnected={isConnected} />
      <Notices notices={notices} onDismiss={dismiss} />
      <WorkspaceLayout />
    </WorkspaceContext>
  );
}
