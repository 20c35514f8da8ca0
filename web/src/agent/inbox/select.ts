import type { Conversation, Message, Offer } from '../../api/types';
import type { ById, InboxState } from './state';

/** The sequence up to which each conversation was looked at. */
export type Seen = Readonly<Partial<Record<string, number>>>;

/** The most urgent first. */
export function offersByExpiry(state: InboxState): Offer[] {
  return valuesOf(state.offers).sort((a, b) => a.expiresAt.localeCompare(b.expiresAt));
}

/** Who came first, first. */
export function conversationsByAge(state: InboxState): Conversation[] {
  return valuesOf(state.conversations).sort((a, b) => a.createdAt.localeCompare(b.createdAt));
}

export function transcriptOf(state: InboxState, conversationId: string): readonly Message[] {
  return state.transcripts[conversationId] ?? [];
}

export function isLoaded(state: InboxState, conversationId: string): boolean {
  return state.customers[conversationId] !== undefined;
}

/** The last message that both sides see. */
export function lastPublicMessage(state: InboxState, conversationId: string): Message | null {
  return transcriptOf(state, conversationId).findLast((message) => message.visibility === 'public') ?? null;
}

/** Whether the customer had the last word and it was not looked at. */
export function isUnread(state: InboxState, conversationId: string, seen: Seen): boolean {
  const last = lastPublicMessage(state, conversationId);
  return last?.sender.kind === 'customer' && last.sequence > (seen[conversationId] ?? 0);
}

function valuesOf<T>(values: ById<T>): T[] {
  return Object.values(values).filter((value) => value !== undefined);
}
