import type { Agent, Conversation, Customer, Message, Offer } from '../../api/types';

export type ById<T> = Readonly<Partial<Record<string, T>>>;

/**
 * What the agent's screen knows of the server. Only the inbox changes it: answers to the agent's own calls are not
 * merged in, their effects arrive as events like everybody else's, so that no late answer overwrites newer news.
 */
export interface InboxState {
  /** The event that the last snapshot was taken at. */
  snapshotId: string | null;
  agent: Agent | null;
  offers: ById<Offer>;
  conversations: ById<Conversation>;
  /** By conversation; complete only where `customers` has an entry too. */
  transcripts: ById<readonly Message[]>;
  /** By conversation; there is an entry, perhaps null, once the conversation's view was read. */
  customers: ById<Customer | null>;
}

export const NOTHING_KNOWN: InboxState = {
  snapshotId: null,
  agent: null,
  offers: {},
  conversations: {},
  transcripts: {},
  customers: {},
};
