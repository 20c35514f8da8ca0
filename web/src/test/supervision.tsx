import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { SupervisedAgent, SupervisedConversation, SupervisedQueue } from '../api/types';
import { SupervisorPage } from '../supervisor/SupervisorPage';
import { aQueue, aSupervisedAgent, aSupervisedConversation, anOverview } from './board';
import { json } from './fakeServer';
import { show } from './show';

const TOKEN = { 'POST /dev/token': () => json({ token: 'secret', expiresAt: '2099-01-01T00:00:00Z' }) };

interface Shown {
  queues?: SupervisedQueue[];
  agents?: SupervisedAgent[];
  conversations?: SupervisedConversation[];
}

/** A server that answers with these at each round. */
export function board({ queues = [aQueue()], agents = [aSupervisedAgent()], conversations }: Shown = {}) {
  return {
    ...TOKEN,
    'GET /api/supervisor/overview': () => json(anOverview()),
    'GET /api/supervisor/queues': () => json({ items: queues, nextCursor: null }),
    'GET /api/supervisor/agents': () => json({ items: agents, nextCursor: null }),
    'GET /api/supervisor/conversations': () =>
      json({ items: conversations ?? [aSupervisedConversation()], nextCursor: null }),
  };
}

export async function signIn(): Promise<void> {
  show(<SupervisorPage />);
  await userEvent.type(screen.getByTestId('sign-in-user'), 'sam');
  await userEvent.click(screen.getByTestId('sign-in'));
}
