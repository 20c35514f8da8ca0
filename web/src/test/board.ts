import type { Overview, SupervisedAgent, SupervisedConversation, SupervisedQueue } from '../api/types';
import { aConversation, anAgent } from './records';

const FIGURES = {
  offered: 10,
  answered: 8,
  abandoned: 2,
  shortAbandoned: 0,
  answeredInTime: 7,
  serviceLevel: 0.7,
  averageAnswerSeconds: 12.4,
};

/** What the supervisor's page reads; tests name only what they are about. */
export function anOverview(changes: Partial<Overview> = {}): Overview {
  return {
    at: '2026-03-01T12:00:00Z',
    day: '2026-03-01',
    open: [
      { status: 'queued', queue: 'general', count: 2 },
      { status: 'active', queue: 'general', count: 1 },
    ],
    agents: [
      { presence: 'available', count: 1 },
      { presence: 'offline', count: 1 },
    ],
    capacity: { used: 1, total: 3 },
    today: FIGURES,
    ...changes,
  };
}

export function aQueue(changes: Partial<SupervisedQueue> = {}): SupervisedQueue {
  return {
    id: 'general',
    name: 'General',
    waiting: 2,
    offered: 1,
    longestWaitSeconds: 65,
    agentsAvailable: 1,
    agentsBusy: 0,
    serviceLevelSeconds: 30,
    today: FIGURES,
    closure: null,
    ...changes,
  };
}

export function aSupervisedAgent(changes: Partial<SupervisedAgent> = {}): SupervisedAgent {
  return { ...anAgent(), items: [], ...changes };
}

export function aSupervisedConversation(changes: Partial<SupervisedConversation> = {}): SupervisedConversation {
  return {
    ...aConversation({ status: 'queued', owner: null }),
    customerName: 'Maria',
    topic: null,
    waitingSeconds: 65,
    ...changes,
  };
}
