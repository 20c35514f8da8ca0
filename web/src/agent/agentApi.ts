import { createApiClient } from '../api/client';
import { answerOf } from '../api/errors';
import type {
  ChosenPresence,
  ConversationView,
  DirectoryEntry,
  Inbox,
  NextPresence,
  Transfer,
  Visibility,
  WrapUp,
} from '../api/types';

const PAGE_SIZE_MAX = 200;
/** Far beyond any real transcript; bounds the loop over its pages. */
const PAGES_MAX = 100;

export type AgentApi = ReturnType<typeof createAgentApi>;

/** What an agent may do. */
export function createAgentApi(token: string) {
  const client = createApiClient(token);
  const at = (id: string) => ({ params: { path: { id } } });

  const viewPage = (id: string, cursor: string | null, signal: AbortSignal): Promise<ConversationView> => {
    const query = { limit: PAGE_SIZE_MAX, ...(cursor === null ? {} : { cursor }) };
    return answerOf(client.GET('/api/conversations/{id}', { params: { path: { id }, query }, signal }));
  };

  return {
    inbox: (after: string | null, wait: number, signal: AbortSignal): Promise<Inbox> => {
      const query = after === null ? {} : { after, wait };
      return answerOf(client.GET('/api/agents/me/inbox', { params: { query }, signal }));
    },
    heartbeat: () => answerOf(client.POST('/api/agents/me/heartbeat')),
    choosePresence: (presence: ChosenPresence) =>
      answerOf(client.PUT('/api/agents/me/presence', { body: { presence } })),
    finishThen: (next: NextPresence) => answerOf(client.PUT('/api/agents/me/presence', { body: { next } })),
    accept: (offerId: string) => answerOf(client.POST('/api/offers/{id}/accept', at(offerId))),
    decline: (offerId: string) => answerOf(client.POST('/api/offers/{id}/decline', at(offerId))),

    /** The conversation with all pages of its transcript. */
    view: async (id: string, signal: AbortSignal): Promise<ConversationView> => {
      let view = await viewPage(id, null, signal);
      for (let page = 1; view.nextCursor !== null && page < PAGES_MAX; page += 1) {
        const next = await viewPage(id, view.nextCursor, signal);
        view = { ...next, messages: [...view.messages, ...next.messages] };
      }
      return view;
    },
    send: (id: string, text: string, visibility: Visibility, clientMessageId: string) =>
      answerOf(
        client.POST('/api/conversations/{id}/messages', { ...at(id), body: { text, visibility, clientMessageId } }),
      ),
    transfer: (id: string, body: Transfer, idempotencyKey: string) =>
      answerOf(
        client.POST('/api/conversations/{id}/transfer', {
          params: { path: { id }, header: { 'Idempotency-Key': idempotencyKey } },
          body,
        }),
      ),
    setAside: (id: string) => answerOf(client.POST('/api/conversations/{id}/set-aside', at(id))),
    reopen: (id: string) => answerOf(client.POST('/api/conversations/{id}/reopen', at(id))),
    end: (id: string) => answerOf(client.POST('/api/conversations/{id}/end', at(id))),
    wrapUp: (id: string, body: WrapUp) => answerOf(client.POST('/api/conversations/{id}/wrap-up', { ...at(id), body })),
    directory: async (kind: DirectoryEntry['kind'], signal: AbortSignal): Promise<DirectoryEntry[]> => {
      const query = { kind, limit: PAGE_SIZE_MAX };
      const { items } = await answerOf(client.GET('/api/directory', { params: { query }, signal }));
      return items;
    },
  };
}
