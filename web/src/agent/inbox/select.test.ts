import { describe, expect, it } from 'vitest';
import type { Message } from '../../api/types';
import { aConversation, aMessage, anOffer } from '../../test/records';
import { isUnread, offersByExpiry } from './select';
import { type InboxState, NOTHING_KNOWN } from './state';

function withTranscript(messages: Message[]): InboxState {
  return { ...NOTHING_KNOWN, conversations: { 'c-1': aConversation() }, transcripts: { 'c-1': messages } };
}

const QUESTION = aMessage({ sequence: 4 });
const ANSWER = aMessage({ sequence: 5, sender: { kind: 'agent', name: 'Alice' } });
const NOTE = aMessage({ sequence: 5, sender: { kind: 'agent', name: 'Bob' }, visibility: 'internal' });

describe('isUnread', () => {
  it.each([
    ['the customer wrote last', [QUESTION], {}, true],
    ['it was looked at since', [QUESTION], { 'c-1': 4 }, false],
    ['somebody answered', [QUESTION, ANSWER], {}, false],
    ['a colleague only left a note', [QUESTION, NOTE], {}, true],
    ['nobody wrote', [], {}, false],
  ])('when %s', (_, messages, seen, expected) => {
    expect(isUnread(withTranscript(messages), 'c-1', seen)).toBe(expected);
  });
});

describe('offersByExpiry', () => {
  it('puts the most urgent first', () => {
    const later = anOffer({ offerId: 'later', expiresAt: '2026-03-01T12:09:00Z' });
    const sooner = anOffer({ offerId: 'sooner', expiresAt: '2026-03-01T12:01:00Z' });
    const state = { ...NOTHING_KNOWN, offers: { later, sooner } };
    expect(offersByExpiry(state).map((offer) => offer.offerId)).toEqual(['sooner', 'later']);
  });
});
