import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Agent, Conversation, ConversationView, Inbox, InboxEvent, Message, Offer } from '../../api/types';
import { aConversation, aMessage, anAgent, anOffer } from '../../test/records';
import { addView, apply, fromSnapshot } from './apply';
import type { InboxState } from './state';

/** What a server would hold for one agent. It tells of each change by an event. */
class MadeUpServer {
  agent: Agent = anAgent();
  readonly offers = new Map<string, Offer>();
  readonly conversations = new Map<string, Conversation>();
  readonly transcripts = new Map<string, Message[]>();
  readonly events: InboxEvent[] = [];

  offer(id: string): void {
    const offer = anOffer({ offerId: id, conversationId: id });
    this.offers.set(id, offer);
    this.#tell('offer.created', { offer });
  }

  endOffer(id: string): void {
    this.offers.delete(id);
    this.#tell('offer.ended', { offerId: id, state: 'expired' });
  }

  change(id: string, status: Conversation['status']): void {
    const version = (this.conversations.get(id)?.version ?? 0) + 1;
    const conversation = aConversation({ id, version, status });
    this.conversations.set(id, conversation);
    this.#tell('conversation.upserted', { conversation });
  }

  remove(id: string): void {
    this.conversations.delete(id);
    this.#tell('conversation.removed', { conversationId: id });
  }

  write(id: string): void {
    const transcript = this.transcripts.get(id) ?? [];
    const message = aMessage({ sequence: transcript.length + 1 });
    this.transcripts.set(id, [...transcript, message]);
    this.#tell('message.upserted', { conversationId: id, message });
  }

  work(used: number): void {
    this.agent = anAgent({ capacity: { used, total: 3 } });
    this.#tell('agent.updated', { agent: this.agent });
  }

  gossip(): void {
    this.#tell('some.thingNew', { of: 'a newer server' });
  }

  snapshot(): Inbox {
    return {
      eventId: String(this.events.length),
      agent: this.agent,
      offers: [...this.offers.values()],
      conversations: [...this.conversations.values()],
    };
  }

  view(conversation: Conversation): ConversationView {
    const messages = this.transcripts.get(conversation.id) ?? [];
    return { conversation, customer: null, messages, nextCursor: null, timeline: [], routing: null };
  }

  #tell(type: string, data: Record<string, unknown>): void {
    const eventId = String(this.events.length + 1);
    this.events.push({ eventId, at: '2026-03-01T12:00:00Z', type, data });
  }
}

type Step = (server: MadeUpServer) => void;

const id = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  id.map(
    (it): Step =>
      (server) =>
        server.offer(it),
  ),
  id.map(
    (it): Step =>
      (server) =>
        server.endOffer(it),
  ),
  fc.tuple(id, fc.constantFrom('active' as const, 'waiting' as const, 'wrapUp' as const)).map(
    ([it, status]): Step =>
      (server) =>
        server.change(it, status),
  ),
  id.map(
    (it): Step =>
      (server) =>
        server.remove(it),
  ),
  id.map(
    (it): Step =>
      (server) =>
        server.write(it),
  ),
  fc.nat(3).map(
    (used): Step =>
      (server) =>
        server.work(used),
  ),
  fc.constant((server: MadeUpServer) => server.gossip()),
);
const steps = fc.array(step, { maxLength: 30 });

/** The state of a page that has read each conversation that it shows. */
function readAll(state: InboxState, server: MadeUpServer): InboxState {
  const shown = Object.values(state.conversations).filter((conversation) => conversation !== undefined);
  return shown.reduce((read, conversation) => addView(read, server.view(conversation), state.snapshotId), state);
}

/** All but where it was taken. */
function content(state: InboxState): InboxState {
  return { ...state, snapshotId: null };
}

describe('a snapshot and the events since', () => {
  it('amount to a fresh snapshot', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const server = new MadeUpServer();
        before.forEach((act) => act(server));
        const old = fromSnapshot(server.snapshot());
        const oldCount = server.events.length;
        after.forEach((act) => act(server));

        const followed = server.events.slice(oldCount).reduce(apply, old);
        const fresh = fromSnapshot(server.snapshot());
        expect(content(readAll(followed, server))).toEqual(content(readAll(fresh, server)));
      }),
    );
  });

  it('amount to a fresh snapshot also when the first events are in the snapshot already', () => {
    fc.assert(
      fc.property(steps, steps, (before, after) => {
        const server = new MadeUpServer();
        before.forEach((act) => act(server));
        const oldCount = server.events.length;
        after.forEach((act) => act(server));

        // As if the position had been read well before the rest of the snapshot.
        const fresh = fromSnapshot(server.snapshot());
        const followed = server.events.slice(oldCount).reduce(apply, fresh);
        expect(content(readAll(followed, server))).toEqual(content(readAll(fresh, server)));
      }),
    );
  });

  it('keep transcripts complete that were read in between', () => {
    fc.assert(
      fc.property(steps, steps, steps, (before, meanwhile, after) => {
        const server = new MadeUpServer();
        before.forEach((act) => act(server));
        let state = fromSnapshot(server.snapshot());
        const oldCount = server.events.length;
        meanwhile.forEach((act) => act(server));
        // The views are read before the events about the same messages arrive.
        state = readAll(state, server);
        after.forEach((act) => act(server));
        state = server.events.slice(oldCount).reduce(apply, state);

        for (const shown of Object.keys(state.customers)) {
          expect(state.transcripts[shown] ?? []).toEqual(server.transcripts.get(shown) ?? []);
        }
      }),
    );
  });
});
