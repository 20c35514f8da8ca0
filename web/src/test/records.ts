import type { Agent, Conversation, Message, Offer } from '../api/types';

/** Records as the server sends them; tests name only what they are about. */
const AT = '2026-03-01T12:00:00Z';

export function anAgent(changes: Partial<Agent> = {}): Agent {
  const presence = { chosen: 'available', effective: 'available', reason: null, next: null, since: AT } as const;
  const capacity = { used: 0, total: 3 };
  return { id: 'alice', name: 'Alice', presence, capacity, skills: [], queues: ['general'], ...changes };
}

export function anOffer(changes: Partial<Offer> = {}): Offer {
  return {
    offerId: 'offer-1',
    conversationId: 'c-1',
    kind: 'new',
    channel: 'chat',
    queue: { id: 'general', name: 'General' },
    createdAt: AT,
    expiresAt: '2026-03-01T12:00:45Z',
    summary: { customerName: 'Maria', topic: null, lastMessage: 'Hello', waitingSince: AT, skills: [] },
    ...changes,
  };
}

export function aConversation(changes: Partial<Conversation> = {}): Conversation {
  return {
    id: 'c-1',
    version: 1,
    status: 'active',
    channel: 'chat',
    locale: 'en',
    customerId: null,
    queue: 'general',
    owner: { kind: 'agent', id: 'alice', name: 'Alice' },
    epoch: 1,
    priority: 100,
    skills: [],
    context: {},
    previousConversationId: null,
    configVersion: 'v1',
    createdAt: AT,
    enqueuedAt: AT,
    closedAt: null,
    disposition: null,
    ...changes,
  };
}

export function aMessage(changes: Partial<Message> = {}): Message {
  return {
    sequence: 1,
    id: `m-${changes.sequence ?? 1}`,
    sender: { kind: 'customer', name: 'Maria' },
    text: 'Hello',
    at: AT,
    visibility: 'public',
    delivery: 'delivered',
    ...changes,
  };
}
