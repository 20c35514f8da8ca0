import { describe, expect, it } from 'vitest';
import type { ConversationView, InboxEvent } from '../../api/types';
import { aConversation, aMessage, anAgent, anOffer } from '../../test/records';
import { addView, apply, fromSnapshot } from './apply';
import type { InboxState } from './state';

const SNAPSHOT = fromSnapshot({
  eventId: '5',
  agent: anAgent(),
  offers: [anOffer()],
  conversations: [aConversation()],
});

function event(type: string, data: Record<string, unknown>): InboxEvent {
  return { eventId: '6', at: '2026-03-01T12:00:01Z', type, data };
}

function viewOf(messages: ConversationView['messages']): ConversationView {
  return { conversation: aConversation(), customer: null, messages, nextCursor: null, timeline: [], routing: null };
}

describe('apply', () => {
  it('adds and removes offers', () => {
    const created = apply(SNAPSHOT, event('offer.created', { offer: anOffer({ offerId: 'offer-2' }) }));
    expect(Object.keys(created.offers)).toEqual(['offer-1', 'offer-2']);
    const ended = apply(created, event('offer.ended', { offerId: 'offer-1', state: 'expired' }));
    expect(Object.keys(ended.offers)).toEqual(['offer-2']);
  });

  it('ignores event types that it does not know', () => {
    expect(apply(SNAPSHOT, event('weather.changed', { sky: 'blue' }))).toBe(SNAPSHOT);
    expect(apply(SNAPSHOT, event('toString', {}))).toBe(SNAPSHOT);
  });

  it('ignores an event whose data is not as promised', () => {
    expect(apply(SNAPSHOT, event('offer.created', { offer: null }))).toBe(SNAPSHOT);
    expect(apply(SNAPSHOT, event('conversation.removed', {}))).toBe(SNAPSHOT);
  });

  it('keeps the newer of two versions of a conversation, in whichever order they come', () => {
    const newer = apply(SNAPSHOT, event('conversation.upserted', { conversation: aConversation({ version: 3 }) }));
    const older = event('conversation.upserted', { conversation: aConversation({ version: 2, status: 'waiting' }) });
    expect(apply(newer, older)).toBe(newer);
  });

  it('forgets a conversation that is removed or closed, and its transcript', () => {
    const read = addView(SNAPSHOT, viewOf([aMessage()]), '5');
    const endings = [
      event('conversation.removed', { conversationId: 'c-1' }),
      event('conversation.upserted', { conversation: aConversation({ version: 2, status: 'closed' }) }),
    ];
    for (const ending of endings) {
      const state = apply(read, ending);
      expect([state.conversations, state.transcripts, state.customers]).toEqual([{}, {}, {}]);
    }
  });

  it('does not keep messages of conversations that are not on the screen', () => {
    const stray = event('message.upserted', { conversationId: 'c-9', message: aMessage() });
    expect(apply(SNAPSHOT, stray)).toBe(SNAPSHOT);
  });

  it('replaces a message that comes again, such as after its delivery', () => {
    const tell = (state: InboxState, delivery: 'pending' | 'delivered') =>
      apply(state, event('message.upserted', { conversationId: 'c-1', message: aMessage({ delivery }) }));
    const state = tell(tell(SNAPSHOT, 'pending'), 'delivered');
    expect(state.transcripts['c-1']?.map((message) => message.delivery)).toEqual(['delivered']);
  });
});

describe('addView', () => {
  it('lets events that overtook the view win, and puts all in order', () => {
    const told = event('message.upserted', {
      conversationId: 'c-1',
      message: aMessage({ sequence: 2, delivery: 'delivered' }),
    });
    const view = viewOf([aMessage({ sequence: 1 }), aMessage({ sequence: 2, delivery: 'pending' })]);
    const transcript = addView(apply(SNAPSHOT, told), view, '5').transcripts['c-1'];
    expect(transcript?.map((message) => [message.sequence, message.delivery])).toEqual([
      [1, 'delivered'],
      [2, 'delivered'],
    ]);
  });

  it('drops a view that was asked for before the last snapshot', () => {
    expect(addView(SNAPSHOT, viewOf([aMessage()]), '4')).toBe(SNAPSHOT);
  });
});
