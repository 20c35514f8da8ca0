import type { Conversation, ConversationView, Inbox, InboxEvent, Message } from '../../api/types';
import { type KnownEvent, isKnown } from './events';
import { type ById, type InboxState, NOTHING_KNOWN } from './state';

/** The state that one event leads to. Pure; the order of events is the server's, and unknown ones change nothing. */
export function apply(state: InboxState, event: InboxEvent): InboxState {
  return isKnown(event) ? applyKnown(state, event) : state;
}

function applyKnown(state: InboxState, { type, data }: KnownEvent): InboxState {
  switch (type) {
    case 'offer.created':
      return { ...state, offers: { ...state.offers, [data.offer.offerId]: data.offer } };
    case 'offer.ended':
      return { ...state, offers: without(state.offers, data.offerId) };
    case 'conversation.upserted':
      return upsertConversation(state, data.conversation);
    case 'conversation.removed':
      return removeConversation(state, data.conversationId);
    case 'message.upserted':
      return mergeMessages(state, data.conversationId, [data.message]);
    case 'agent.updated':
      return { ...state, agent: data.agent };
    case 'transfer.ended':
    case 'customer.typing':
      // Passing news, shown but not kept: what lasts of a transfer is told by the conversation itself.
      return state;
  }
}

/** A snapshot starts from nothing: what was known of transcripts may lack what was missed. */
export function fromSnapshot(inbox: Inbox): InboxState {
  const conversations = (inbox.conversations ?? []).filter((conversation) => conversation.status !== 'closed');
  return {
    ...NOTHING_KNOWN,
    snapshotId: inbox.eventId,
    agent: inbox.agent ?? null,
    offers: Object.fromEntries((inbox.offers ?? []).map((offer) => [offer.offerId, offer])),
    conversations: Object.fromEntries(conversations.map((conversation) => [conversation.id, conversation])),
  };
}

/** Adds what was read of one conversation, unless a newer snapshot was taken since it was asked for. */
export function addView(state: InboxState, view: ConversationView, snapshotId: string | null): InboxState {
  const { id } = view.conversation;
  if (snapshotId !== state.snapshotId || state.conversations[id] === undefined) {
    return state;
  }
  // Events may have overtaken the answer, and are newer then.
  const overtaking = state.transcripts[id] ?? [];
  const merged = mergeMessages(state, id, [...view.messages, ...overtaking]);
  return { ...merged, customers: { ...state.customers, [id]: view.customer } };
}

function upsertConversation(state: InboxState, conversation: Conversation): InboxState {
  // Told of two changes at nearly the same time, the server may tell them in either order.
  if ((state.conversations[conversation.id]?.version ?? 0) > conversation.version) {
    return state;
  }
  if (conversation.status === 'closed') {
    return removeConversation(state, conversation.id);
  }
  return { ...state, conversations: { ...state.conversations, [conversation.id]: conversation } };
}

function removeConversation(state: InboxState, id: string): InboxState {
  return {
    ...state,
    conversations: without(state.conversations, id),
    transcripts: without(state.transcripts, id),
    customers: without(state.customers, id),
  };
}

/**
 * Of two messages with the same sequence the later one of the list counts. The transcript of a conversation that is
 * not on the screen is not kept: it is read when the conversation gets there.
 */
function mergeMessages(state: InboxState, id: string, news: readonly Message[]): InboxState {
  if (state.conversations[id] === undefined) {
    return state;
  }
  const known = state.transcripts[id] ?? [];
  const bySequence = new Map([...known, ...news].map((message) => [message.sequence, message]));
  const transcript = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
  return { ...state, transcripts: { ...state.transcripts, [id]: transcript } };
}

function without<T>(values: ById<T>, id: string): ById<T> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== id));
}
