import type { Agent } from '../api/types';

/** Why an agent who chose to be available gets no offers until they choose anew. */
const PENALTIES = ['missed-offer', 'declined-offer'] as const;

export type Penalty = (typeof PENALTIES)[number];

export function penaltyOf(presence: Agent['presence']): Penalty | null {
  return PENALTIES.find((penalty) => penalty === presence.reason) ?? null;
}
