import type {
  Decision,
  Explanation,
  Overview,
  Waiting,
  SupervisedAgent,
  SupervisedConversation,
  SupervisedQueue,
} from '../api/types';
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

export function anExplanation(changes: Partial<Explanation> = {}): Explanation {
  return { conversationId: 'c-1', decisions: [], waiting: null, ...changes };
}

export function aDecision(changes: Partial<Decision> = {}): Decision {
  return {
    at: '2026-03-01T12:00:00Z',
    workId: 'c-1.1',
    queue: 'general',
    kind: 'offered',
    agentId: 'alice',
    offerId: 'o-1',
    policyVersion: '0123456789ab',
    stateVersion: 42,
    rule: null,
    text: 'Offered to Alice.',
    isReproduced: true,
    candidates: [
      { agentId: 'alice', name: 'Alice', fails: null, place: 1, text: 'without new work for 50 s' },
      { agentId: 'bob', name: 'Bob', fails: 'skill', place: null, text: 'lacks Billing' },
    ],
    tallies: [{ fails: 'skill', count: 1, text: '1 lacks a skill or its level' }],
    ...changes,
  };
}

export function aWaiting(changes: Partial<Waiting> = {}): Waiting {
  return {
    since: '2026-03-01T12:00:00Z',
    queue: 'general',
    position: 3,
    estimatedWaitSeconds: 65,
    needs: ['billing>=7'],
    text: 'It waits because nobody has Billing.',
    candidates: [{ agentId: 'bob', name: 'Bob', fails: 'skill', place: null, text: 'lacks Billing' }],
    tallies: [{ fails: 'skill', count: 1, text: '1 lacks a skill or its level' }],
    next: [{ at: '2026-03-01T12:00:20Z', text: 'Billing is no longer asked for' }],
    ...changes,
  };
}
