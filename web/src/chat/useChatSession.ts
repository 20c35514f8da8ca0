import { useCallback } from 'react';
import type { ChatStarted, ChatToken } from '../api/types';
import { isRecord, isString } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';

/** The chat that this tab is in. */
export interface ChatSession {
  conversationId: string;
  token: string;
  expiresAt: string;
  isRated: boolean;
}

/** What a reload of the page must not forget. */
interface ChatMemory {
  session: ChatSession | null;
  previousConversationId: string | null;
  name: string;
}

const NOTHING: ChatMemory = { session: null, previousConversationId: null, name: '' };

export function useChatSession() {
  const [memory, setMemory] = useSessionState('atende.chat', NOTHING, isChatMemory);

  const change = useCallback(
    (changes: Partial<ChatSession>) =>
      setMemory((old) => (old.session === null ? old : { ...old, session: { ...old.session, ...changes } })),
    [setMemory],
  );
  const begin = useCallback(
    ({ conversationId, token, expiresAt }: ChatStarted, name: string) =>
      setMemory({ session: { conversationId, token, expiresAt, isRated: false }, previousConversationId: null, name }),
    [setMemory],
  );
  const renew = useCallback(({ token, expiresAt }: ChatToken) => change({ token, expiresAt }), [change]);
  const markRated = useCallback(() => change({ isRated: true }), [change]);
  const leave = useCallback(
    () => setMemory((old) => ({ ...old, session: null, previousConversationId: old.session?.conversationId ?? null })),
    [setMemory],
  );
  return { ...memory, begin, renew, markRated, leave };
}

function isChatMemory(value: unknown): value is ChatMemory {
  return isRecord(value) && isString(value['name']) && (value['session'] === null || isSession(value['session']));
}

function isSession(value: unknown): value is ChatSession {
  return isRecord(value) && isString(value['conversationId']) && isString(value['token']);
}
