import { createApiClient } from '../api/client';
import { answerOf } from '../api/errors';
import type {
  ChosenPresence,
  Explanation,
  Overview,
  SupervisedAgent,
  SupervisedConversation,
  SupervisedQueue,
  Status,
} from '../api/types';

const PAGE_SIZE_MAX = 200;
/** Far beyond any contact centre; bounds the loop over its pages. */
const PAGES_MAX = 20;

/** Which conversations are listed; "" is any. */
export interface Filter {
  status: Status | 'open';
  queue: string;
  agent: string;
  limit: number;
}

interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

export type SupervisorApi = ReturnType<typeof createSupervisorApi>;

/** What a supervisor may see and do. */
export function createSupervisorApi(token: string) {
  const client = createApiClient(token);
  const at = (id: string) => ({ params: { path: { id } } });

  return {
    overview: (signal: AbortSignal): Promise<Overview> => answerOf(client.GET('/api/supervisor/overview', { signal })),
    queues: (signal: AbortSignal): Promise<SupervisedQueue[]> =>
      allPages((query) => answerOf(client.GET('/api/supervisor/queues', { params: { query }, signal }))),
    agents: (signal: AbortSignal): Promise<SupervisedAgent[]> =>
      allPages((query) => answerOf(client.GET('/api/supervisor/agents', { params: { query }, signal }))),
    conversations: (filter: Filter, signal: AbortSignal): Promise<Page<SupervisedConversation>> => {
      const { status, queue, agent, limit } = filter;
      const query = { status, limit, ...(queue === '' ? {} : { queue }), ...(agent === '' ? {} : { agent }) };
      return answerOf(client.GET('/api/supervisor/conversations', { params: { query }, signal }));
    },
    explanation: (id: string, locale: string, signal: AbortSignal): Promise<Explanation> =>
      answerOf(
        client.GET('/api/conversations/{id}/explanation', { params: { path: { id }, query: { locale } }, signal }),
      ),
    assign: (id: string, agentId: string) =>
      answerOf(client.POST('/api/conversations/{id}/assign', { ...at(id), body: { agentId } })),
    close: (id: string, reason: string | null) =>
      answerOf(client.POST('/api/conversations/{id}/close', { ...at(id), body: { reason } })),
    setPresence: (id: string, presence: ChosenPresence) =>
      answerOf(client.PUT('/api/agents/{id}/presence', { ...at(id), body: { presence } })),
    closeQueue: (id: string, closedUntil: string, message: string) =>
      answerOf(client.PUT('/api/queues/{id}/override', { ...at(id), body: { closedUntil, message } })),
    openQueue: (id: string) =>
      answerOf(client.PUT('/api/queues/{id}/override', { ...at(id), body: { closedUntil: null } })),
  };
}

async function allPages<T>(read: (query: { limit: number; cursor?: string }) => Promise<Page<T>>): Promise<T[]> {
  let page = await read({ limit: PAGE_SIZE_MAX });
  const items = page.items;
  for (let count = 1; page.nextCursor && count < PAGES_MAX; count += 1) {
    page = await read({ limit: PAGE_SIZE_MAX, cursor: page.nextCursor });
    items.push(...page.items);
  }
  return items;
}
