import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { Inbox } from '../api/types';
import { fakeServer, json, never, problem } from '../test/fakeServer';
import { aConversation, aMessage, anAgent, anOffer } from '../test/records';
import { show } from '../test/show';
import { AgentPage } from './AgentPage';

const VIEW = {
  conversation: aConversation({ context: { order_number: 'AB-1' } }),
  customer: { id: 'p', version: 1, name: 'Maria', locale: 'en', identities: [] },
  messages: [aMessage({ text: 'Where is my order?' })],
  nextCursor: null,
  timeline: [],
  routing: null,
};

/** Answers each poll with the next of these, and then waits for ever. */
function inbox(...answers: (Inbox | Response)[]) {
  const rest = [...answers];
  return (request: Request) => {
    const answer = rest.shift();
    if (answer === undefined) {
      return never(request);
    }
    return answer instanceof Response ? answer : json(answer);
  };
}

function snapshot(eventId: string, parts: Partial<Inbox> = {}): Inbox {
  return { eventId, agent: anAgent(), offers: [], conversations: [], ...parts };
}

async function signIn(): Promise<void> {
  show(<AgentPage />);
  await userEvent.type(screen.getByTestId('sign-in-user'), 'alice');
  await userEvent.click(screen.getByTestId('sign-in'));
}

const TOKEN = { 'POST /dev/token': () => json({ token: 'secret', expiresAt: '2099-01-01T00:00:00Z' }) };

describe('signing in', () => {
  it.each([
    ['unknown-user', 'There is no user of that name.'],
    ['not-found', 'Signing in with a name alone is switched off here.'],
  ])('explains a 404 %s', async (code, text) => {
    fakeServer({ 'POST /dev/token': () => problem(404, code) });
    await signIn();
    await screen.findByText(text);
  });

  it('is asked for again when the token is no longer good', async () => {
    fakeServer({ ...TOKEN, 'GET /api/agents/me/inbox': () => problem(401, 'unauthenticated') });
    await signIn();
    await screen.findByText('You were signed out. Please sign in again.');
    await waitFor(() => expect(sessionStorage.getItem('atende.agent')).toBeNull());
  });
});

describe('the workspace', () => {
  it('accepts an offer and opens the conversation when the inbox tells of it', async () => {
    const created = { eventId: '2', at: '2026-03-01T12:00:00Z', type: 'offer.created', data: { offer: anOffer() } };
    let tellRest: (response: Response) => void = () => undefined;
    const rest = new Promise<Response>((resolve) => {
      tellRest = resolve;
    });
    const polls = [
      () => json(snapshot('1')),
      () => json({ eventId: '2', events: [created] } satisfies Inbox),
      () => rest,
    ];
    fakeServer({
      ...TOKEN,
      'GET /api/agents/me/inbox': (request) => (polls.shift() ?? (() => never(request)))(),
      'GET /api/conversations/c-1': () => json(VIEW),
      'POST /api/offers/offer-1/accept': () => {
        const at = '2026-03-01T12:00:01Z';
        const events = [
          { eventId: '3', at, type: 'offer.ended', data: { offerId: 'offer-1', state: 'accepted' } },
          { eventId: '4', at, type: 'conversation.upserted', data: { conversation: VIEW.conversation } },
        ];
        tellRest(json({ eventId: '4', events } satisfies Inbox));
        return json({ conversation: VIEW.conversation });
      },
    });
    vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-03-01T12:00:05Z'));
    await signIn();
    const offer = within(await screen.findByTestId('offer'));
    offer.getByText('Maria');
    offer.getByText('0:40 left to answer');
    await userEvent.click(offer.getByTestId('accept'));

    await screen.findByTestId('composer');
    expect(screen.queryByTestId('offer')).toBeNull();
    within(await screen.findByTestId('transcript')).getByText('Where is my order?');
    within(screen.getByTestId('context')).getByText('AB-1');
  });

  it('takes a new snapshot when the cursor is too old', async () => {
    fakeServer({
      ...TOKEN,
      'GET /api/agents/me/inbox': inbox(
        snapshot('1', { offers: [anOffer()] }),
        problem(410, 'cursor-expired'),
        snapshot('900', { conversations: [aConversation()] }),
      ),
      'GET /api/conversations/c-1': () => json(VIEW),
    });
    await signIn();
    await within(await screen.findByTestId('conversation-list')).findByText('Maria');
    await screen.findByTestId('unread');
    expect(screen.queryByTestId('offer')).toBeNull();
  });

  it('announces why an offer could not be had', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-03-01T12:00:05Z'));
    fakeServer({
      ...TOKEN,
      'GET /api/agents/me/inbox': inbox(snapshot('1', { offers: [anOffer()] })),
      'POST /api/offers/offer-1/accept': () => problem(409, 'offer-gone'),
    });
    await signIn();
    await userEvent.click(await screen.findByTestId('accept'));
    await within(screen.getByTestId('notices')).findByText('The offer is no longer there.');
  });
});
