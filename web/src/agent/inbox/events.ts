import type { Agent, Conversation, InboxEvent, Message, Offer } from '../../api/types';
import { isRecord, isString } from '../../lib/storage';

interface Event<Type extends string, Data> {
  eventId: string;
  at: string;
  type: Type;
  data: Data;
}

/** The events that this screen understands. */
export type KnownEvent =
  | Event<'offer.created', { offer: Offer }>
  | Event<'offer.ended', { offerId: string; state: string }>
  | Event<'conversation.upserted', { conversation: Conversation }>
  | Event<'conversation.removed', { conversationId: string }>
  | Event<'message.upserted', { conversationId: string; message: Message }>
  | Event<'transfer.ended', { transferId: string; state: string; reason?: unknown }>
  | Event<'customer.typing', { conversationId: string; typing: boolean }>
  | Event<'agent.updated', { agent: Agent }>;

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

type Check = (value: unknown) => boolean;

/** The members that an event of each type must have for its data to be used. */
const MEMBERS: Record<KnownEvent['type'], Record<string, Check>> = {
  'offer.created': { offer: isRecord },
  'offer.ended': { offerId: isString, state: isString },
  'conversation.upserted': { conversation: isRecord },
  'conversation.removed': { conversationId: isString },
  'message.upserted': { conversationId: isString, message: isRecord },
  'transfer.ended': { transferId: isString, state: isString },
  'customer.typing': { conversationId: isString, typing: isBoolean },
  'agent.updated': { agent: isRecord },
};

/**
 * Whether it is one of them; newer servers may send others. The description leaves the data of events open: this is
 * the place that pins it down.
 */
export function isKnown(event: InboxEvent): event is KnownEvent {
  return (
    isKnownType(event.type) && Object.entries(MEMBERS[event.type]).every(([name, check]) => check(event.data[name]))
  );
}

function isKnownType(type: string): type is KnownEvent['type'] {
  return Object.hasOwn(MEMBERS, type);
}
