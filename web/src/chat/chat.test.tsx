import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeServer, json, never, problem } from '../test/fakeServer';
import { aMessage } from '../test/records';
import { show } from '../test/show';
import { ChatPage } from './ChatPage';

const STARTED = { conversationId: 'c-1', token: 'secret', expiresAt: '2099-01-01T00:00:00Z', status: 'new' };
const MESSAGES = '/api/chat/conversations/c-1/messages';
const GREETING = aMessage({ sender: { kind: 'bot', name: 'Helper' }, text: 'Good day!' });

/** Answers what is there at first, and then waits for news that never come. */
function readOnce(body: object): (request: Request) => Response | Promise<Response> {
  let isFirst = true;
  return (request) => {
    if (!isFirst) {
      return never(request);
    }
    isFirst = false;
    return json(body);
  };
}

async function start(): Promise<void> {
  show(<ChatPage />);
  await userEvent.type(screen.getByTestId('start-name'), 'Maria');
  await userEvent.click(screen.getByTestId('start-chat'));
}

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

describe('the chat page', () => {
  it('starts one chat, however often the request must be repeated', async () => {
    let attempts = 0;
    const requests = fakeServer({
      'POST /api/chat/conversations': () => {
        attempts += 1;
        return attempts < 3 ? problem(503, 'unavailable') : json(STARTED, 201);
      },
      [`GET ${MESSAGES}`]: readOnce({ status: 'bot', messages: [GREETING] }),
    });
    await start();
    await screen.findByText('Good day!', undefined, { timeout: 4_000 });

    const starts = requests.filter((request) => new URL(request.url).pathname === '/api/chat/conversations');
    expect(new Set(starts.map((request) => request.headers.get('Idempotency-Key'))).size).toBe(1);
    expect(await starts[0]?.json()).toMatchObject({ locale: 'en', customer: { name: 'Maria' } });
    expect(requests.at(-1)?.headers.get('Authorization')).toBe('Bearer secret');
  });

  it('shows a message at once, and says so while it cannot be sent', async () => {
    const ids: string[] = [];
    fakeServer({
      'POST /api/chat/conversations': () => json(STARTED, 201),
      [`GET ${MESSAGES}`]: readOnce({ status: 'bot', messages: [] }),
      [`POST ${MESSAGES}`]: async (request) => {
        const body: unknown = await request.json();
        ids.push((body as { clientMessageId: string }).clientMessageId);
        return ids.length === 1 ? problem(503, 'unavailable') : json({}, 202);
      },
    });
    await start();
    await userEvent.type(await screen.findByTestId('composer'), 'Hello{Enter}');
    await screen.findByText('Hello');
    await screen.findByText('Not sent, retrying…');
    await screen.findByText('Sent');
    expect(new Set(ids).size).toBe(1);
  });

  it('says where in the queue the customer is', async () => {
    fakeServer({
      'POST /api/chat/conversations': () => json(STARTED, 201),
      [`GET ${MESSAGES}`]: readOnce({
        status: 'queued',
        queue: { position: 2, estimatedWaitSeconds: 90 },
        messages: [],
      }),
    });
    await start();
    await screen.findByText('You are number 2 in the queue, about 2 minutes to wait');
  });

  it('asks for a rating once it is over, and links the next chat to this one', async () => {
    const requests = fakeServer({
      'POST /api/chat/conversations': () => json(STARTED, 201),
      [`GET ${MESSAGES}`]: readOnce({ status: 'closed', messages: [] }),
      'POST /api/chat/conversations/c-1/survey': () => json({}, 202),
    });
    await start();
    await userEvent.click(await screen.findByTestId('survey-score-4'));
    await userEvent.click(screen.getByTestId('survey-send'));
    await screen.findByText('Thank you for your rating.');
    const survey = requests.find((request) => request.url.endsWith('/survey'));
    expect(await survey?.json()).toEqual({ score: 4, comment: null });

    await userEvent.click(screen.getByTestId('new-chat'));
    await userEvent.click(screen.getByTestId('start-chat'));
    await vi.waitFor(async () =>
      expect(await requests.findLast((request) => request.url.endsWith('/conversations'))?.json()).toMatchObject({
        previousConversationId: 'c-1',
      }),
    );
  });

  it('ends when the server says so at a message', async () => {
    fakeServer({
      'POST /api/chat/conversations': () => json(STARTED, 201),
      [`GET ${MESSAGES}`]: readOnce({ status: 'active', agent: 'Alice', messages: [] }),
      [`POST ${MESSAGES}`]: () => problem(409, 'conversation-closed'),
    });
    await start();
    await userEvent.type(await screen.findByTestId('composer'), 'Still there?{Enter}');
    await screen.findByTestId('survey');
    await screen.findByText('Could not be sent');
  });
});
