import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { SupervisedAgent } from '../api/types';
import { aQueue, aSupervisedAgent, aSupervisedConversation, anOverview } from '../test/board';
import { fakeServer, json, problem } from '../test/fakeServer';
import { board, signIn } from '../test/supervision';

async function bodyOf(requests: Request[], method: string, path: string): Promise<unknown> {
  const found = requests.find((request) => request.method === method && new URL(request.url).pathname === path);
  return found === undefined ? null : await found.json();
}

describe('signing in', () => {
  it('is refused to those who may not supervise', async () => {
    fakeServer({ ...board(), 'GET /api/supervisor/overview': () => problem(403, 'forbidden') });
    await signIn();
    await screen.findByText('This account may not supervise.');
    await waitFor(() => expect(sessionStorage.getItem('atende.supervisor')).toBeNull());
  });
});

describe('the board', () => {
  it('shows who waits, who works and how the day goes', async () => {
    const items = [{ conversationId: 'c-1', state: 'active' as const, channel: 'chat', units: 1 }];
    fakeServer(board({ agents: [aSupervisedAgent({ items, capacity: { used: 4, total: 3 } })] }));
    await signIn();
    const queues = within(await screen.findByTestId('queues'));
    queues.getByText('2 (+1 offered)');
    queues.getByText('1:05');
    queues.getByText('1 available, 0 busy');
    expect(queues.getByTestId('service-level').textContent).toBe('70% · low');
    const agents = within(screen.getByTestId('agents'));
    agents.getByText('4/3');
    agents.getByText('Maria (Active)');
    within(screen.getByTestId('today')).getByText('1 of 2');
    within(screen.getByTestId('conversations')).getByText('In the queue');
  });

  it.each([
    [null, 'none yet', undefined],
    [1, '100% · good', 'good'],
    [0.8, '80% · good', 'good'],
    [0.79, '79% · low', 'low'],
    [0.1, '10% · too low', 'bad'],
  ])('says in words what a service level of %s is', async (serviceLevel, text, grade) => {
    fakeServer(board({ queues: [aQueue({ today: { ...aQueue().today, serviceLevel } })] }));
    await signIn();
    const shown = within(await screen.findByTestId('queues')).getByTestId('service-level');
    expect([shown.textContent, shown.dataset['grade']]).toEqual([text, grade]);
  });

  it('says when it is out of date, and that it tries again', async () => {
    let isUp = true;
    const whenUp = board();
    fakeServer({
      ...whenUp,
      'GET /api/supervisor/overview': () => (isUp ? json(anOverview()) : problem(503, 'unavailable')),
    });
    await signIn();
    await screen.findByTestId('queues');
    expect(screen.getByTestId('freshness').dataset['fresh']).toBe('true');
    isUp = false;
    await within(screen.getByTestId('connection')).findByText(/No connection/);
    expect(screen.getByTestId('freshness').dataset['fresh']).toBe('false');
    screen.getByTestId('queues');
    isUp = true;
    await waitFor(() => expect(screen.getByTestId('freshness').dataset['fresh']).toBe('true'));
  });

  it('asks for the conversations that the filter names', async () => {
    const requests = fakeServer(board());
    await signIn();
    await userEvent.selectOptions(await screen.findByTestId('filter-status'), 'active');
    await userEvent.selectOptions(screen.getByTestId('filter-agent'), 'alice');
    await waitFor(() => {
      const asked = requests.filter(({ url }) => url.includes('/supervisor/conversations')).at(-1);
      expect(new URL(asked?.url ?? '').search).toBe('?status=active&limit=50&agent=alice');
    });
  });
});

describe('what a supervisor does', () => {
  it('assigns to somebody who is there, warned when there is no room', async () => {
    const gone = { chosen: 'offline', effective: 'offline', reason: null, next: null, since: '2026-03-01T12:00:00Z' };
    const agents = [
      aSupervisedAgent({ capacity: { used: 3, total: 3 } }),
      aSupervisedAgent({ id: 'bob', name: 'Bob', presence: gone as SupervisedAgent['presence'] }),
    ];
    const requests = fakeServer({
      ...board({ agents }),
      'POST /api/conversations/c-1/assign': () => json({ conversation: aSupervisedConversation() }),
    });
    await signIn();
    await userEvent.click(await screen.findByTestId('assign'));
    const choice = screen.getByTestId('assign-agent');
    expect(within(choice).queryByText(/Bob/)).toBeNull();
    await userEvent.selectOptions(choice, 'alice');
    screen.getByText('This agent has no free capacity.');
    await userEvent.click(screen.getByTestId('action-submit'));
    await within(screen.getByTestId('done')).findByText('The conversation was assigned.');
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(await bodyOf(requests, 'POST', '/api/conversations/c-1/assign')).toEqual({ agentId: 'alice' });
  });

  it('is told why something could not be done, and may try again', async () => {
    const answers = [problem(409, 'invalid-state'), json({ conversation: aSupervisedConversation() })];
    fakeServer({
      ...board(),
      'POST /api/conversations/c-1/close': () => answers.shift() ?? problem(500, 'unavailable'),
    });
    await signIn();
    await userEvent.click(await screen.findByTestId('close'));
    await userEvent.type(screen.getByTestId('close-reason'), 'spam');
    await userEvent.click(screen.getByTestId('action-submit'));
    await within(screen.getByTestId('action-error')).findByText(/no longer possible/);
    await userEvent.click(screen.getByTestId('action-submit'));
    await within(screen.getByTestId('done')).findByText('The conversation was closed.');
  });

  it('sets the presence of an agent', async () => {
    const requests = fakeServer({ ...board(), 'PUT /api/agents/alice/presence': () => json(aSupervisedAgent()) });
    await signIn();
    await userEvent.click(await screen.findByTestId('set-presence'));
    await userEvent.selectOptions(screen.getByTestId('presence-choice'), 'away');
    await userEvent.click(screen.getByTestId('action-submit'));
    await within(screen.getByTestId('done')).findByText('The presence was set.');
    expect(await bodyOf(requests, 'PUT', '/api/agents/alice/presence')).toEqual({ presence: 'away' });
  });

  it('closes a queue after asking once more', async () => {
    const path = '/api/queues/general/override';
    const requests = fakeServer({ ...board(), [`PUT ${path}`]: () => json({ queue: 'general', closure: null }) });
    await signIn();
    await userEvent.click(await screen.findByTestId('override'));
    expect(screen.queryByTestId('closure-lift')).toBeNull();
    await userEvent.type(screen.getByTestId('closure-message'), 'Fire drill');
    await userEvent.click(screen.getByTestId('closure-next'));
    await screen.findByTestId('closure-confirm');
    screen.getByText('3 customers wait and will be told:');
    expect(await bodyOf(requests, 'PUT', path)).toBeNull();
    await userEvent.click(screen.getByTestId('action-submit'));
    await within(screen.getByTestId('done')).findByText('The queue is closed.');
    const body = (await bodyOf(requests, 'PUT', path)) as { closedUntil: string; message: string };
    expect(body.message).toBe('Fire drill');
    expect(Date.parse(body.closedUntil)).toBeGreaterThan(Date.now());
  });

  it('opens a closed queue again', async () => {
    const closure = { since: '2026-03-01T12:00:00Z', closedUntil: '2099-03-01T12:00:00Z', message: 'Fire drill' };
    const path = '/api/queues/general/override';
    const requests = fakeServer({
      ...board({ queues: [aQueue({ closure })] }),
      [`PUT ${path}`]: () => json({ queue: 'general', closure: null }),
    });
    await signIn();
    await screen.findByTestId('closed-until');
    await userEvent.click(screen.getByTestId('override'));
    await userEvent.click(screen.getByTestId('closure-lift'));
    await within(screen.getByTestId('done')).findByText('The queue is open.');
    expect(await bodyOf(requests, 'PUT', path)).toEqual({ closedUntil: null });
  });
});
