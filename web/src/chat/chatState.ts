import type { ChatMessages, Message, QueuePlace, Status } from '../api/types';

/** The chat as far as it was read. */
export interface ChatState {
  status: Status;
  queue: QueuePlace | null;
  agent: string | null;
  messages: readonly Message[];
}

export const NOTHING_READ: ChatState = { status: 'new', queue: null, agent: null, messages: [] };

export type ChatAction = { type: 'read'; answer: ChatMessages } | { type: 'closed' };

export function chatReducer(state: ChatState, action: ChatAction): ChatState {
  switch (action.type) {
    case 'read':
      return {
        status: action.answer.status,
        queue: action.answer.queue ?? null,
        agent: action.answer.agent ?? null,
        messages: mergeBySequence(state.messages, action.answer.messages),
      };
    case 'closed':
      return { ...state, status: 'closed', queue: null };
  }
}

/** The same messages may be read twice, after a lost answer or a restart of the loop. */
function mergeBySequence(known: readonly Message[], news: readonly Message[]): readonly Message[] {
  if (news.length === 0) {
    return known;
  }
  const bySequence = new Map([...known, ...news].map((message) => [message.sequence, message]));
  return [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
}

export function lastSequence(messages: readonly Message[]): number {
  return messages.at(-1)?.sequence ?? 0;
}

/** For the customer it is over once the agent only has to file it. */
export function isOver(status: Status): boolean {
  return status === 'wrapUp' || status === 'closed';
}
