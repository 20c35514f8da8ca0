import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { aDecision, aWaiting, anExplanation } from '../test/board';
import { fakeServer, json, problem } from '../test/fakeServer';
import { board, signIn } from '../test/supervision';

describe('an explanation', () => {
  const PATH = 'GET /api/conversations/c-1/explanation';

  it('says why it waits, for how long yet and what would change that', async () => {
    const requests = fakeServer({ ...board(), [PATH]: () => json(anExplanation({ waiting: aWaiting() })) });
    await signIn();
    await userEvent.click(await screen.findByRole('button', { name: 'Explain the conversation of Maria' }));
    const waiting = within(await screen.findByTestId('explain-waiting'));
    waiting.getByText('It waits because nobody has Billing.');
    waiting.getByText('General');
    waiting.getByText('3');
    waiting.getByText('1:05');
    waiting.getByText('Of 1 agent, as it is now:');
    waiting.getByText('1 lacks a skill or its level');
    waiting.getByText(/Billing is no longer asked for/);
    const asked = requests.find(({ url }) => url.includes('/explanation'));
    expect(new URL(asked?.url ?? '').search).toBe('?locale=en');
  });

  it('says that nobody knows how long it will be', async () => {
    const waiting = aWaiting({ estimatedWaitSeconds: null, next: [], tallies: [] });
    fakeServer({ ...board(), [PATH]: () => json(anExplanation({ waiting })) });
    await signIn();
    await userEvent.click(await screen.findByTestId('explain'));
    await screen.findByText('unknown');
    expect(screen.queryByTestId('explain-next')).toBeNull();
  });

  it('lists decisions, the newest first, with every agent and why', async () => {
    const queued = aDecision({
      at: '2026-03-01T11:59:00Z',
      workId: null,
      kind: 'queued',
      text: 'Began to wait in the queue General.',
      policyVersion: null,
      stateVersion: null,
      candidates: [],
    });
    fakeServer({ ...board(), [PATH]: () => json(anExplanation({ decisions: [queued, aDecision()] })) });
    await signIn();
    await userEvent.click(await screen.findByTestId('explain'));
    const shown = await screen.findAllByTestId('decision');
    expect(shown.map(({ textContent }) => textContent)).toEqual([
      'Offered to Alice.',
      'Began to wait in the queue General.',
    ]);
    expect(screen.getAllByTestId('candidates')).toHaveLength(1);
    await userEvent.click(screen.getByText('All 2 agents and why'));
    const rows = within(screen.getByTestId('candidates-table')).getAllByRole('row');
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      'AgentCould take it?Why',
      'AliceCould take it?yes, choice 1Whywithout new work for 50 s',
      'BobCould take it?noWhylacks Billing',
    ]);
    screen.getByText('Decided under policy 0123456, on state 42 of the records.');
  });

  it('says when there is nothing to explain, and is read again while it is open', async () => {
    let found = anExplanation();
    fakeServer({ ...board(), [PATH]: () => json(found) });
    await signIn();
    await userEvent.click(await screen.findByTestId('explain'));
    await screen.findByText(/There is nothing to explain yet/);
    found = anExplanation({ decisions: [aDecision()] });
    await screen.findByText('Offered to Alice.', {}, { timeout: 5_000 });
    await userEvent.click(screen.getByTestId('explain-close'));
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('keeps what it has while the contact centre cannot be reached, and says so', async () => {
    let isUp = true;
    const found = anExplanation({ decisions: [aDecision()] });
    fakeServer({ ...board(), [PATH]: () => (isUp ? json(found) : problem(503, 'unavailable')) });
    await signIn();
    await userEvent.click(await screen.findByTestId('explain'));
    await screen.findByText('Offered to Alice.');
    isUp = false;
    await screen.findByText(/This may be out of date/, {}, { timeout: 5_000 });
    screen.getByText('Offered to Alice.');
  });

  it('says when the conversation is not there', async () => {
    fakeServer({ ...board(), [PATH]: () => problem(404, 'not-found') });
    await signIn();
    await userEvent.click(await screen.findByTestId('explain'));
    await within(screen.getByTestId('explain-error')).findByText('This is no longer there.');
  });
});
