import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/errors';
import { problem } from '../test/fakeServer';
import { aMessage } from '../test/records';
import { type Deliver, Outbox, type OutboxItem, pendingOf } from './outbox';

const KEY = 'outbox';

function write(outbox: Outbox, text: string): void {
  outbox.add({ conversationId: 'c-1', text, visibility: 'public' });
}

function run(outbox: Outbox, deliver: Deliver): AbortController {
  const controller = new AbortController();
  void outbox.run(deliver, controller.signal);
  return controller;
}

const states = (outbox: Outbox) => outbox.items.map((item) => item.state);

describe('Outbox', () => {
  it('sends one message after the other, in order, each until it is taken', async () => {
    const sent: string[] = [];
    let failures = 2;
    const outbox = new Outbox(KEY);
    const controller = run(outbox, (item) => {
      sent.push(item.text);
      failures -= 1;
      return failures >= 0 ? Promise.reject(new TypeError('Failed to fetch')) : Promise.resolve();
    });
    write(outbox, 'first');
    write(outbox, 'second');
    await vi.waitFor(() => expect(states(outbox)).toEqual(['retrying', 'sending']));
    await vi.waitFor(() => expect(states(outbox)).toEqual(['accepted', 'accepted']), 5_000);
    controller.abort();
    expect(sent).toEqual(['first', 'first', 'first', 'second']);
  });

  it('goes on with the next message when one is refused', async () => {
    const outbox = new Outbox(KEY);
    const controller = run(outbox, ({ text }) =>
      text === 'bad' ? Promise.reject(new ApiError(problem(400, 'invalid-request'), null)) : Promise.resolve(),
    );
    write(outbox, 'bad');
    write(outbox, 'good');
    await vi.waitFor(() => expect(states(outbox)).toEqual(['refused', 'accepted']));
    controller.abort();
  });

  it('sends after a reload what was not sent before, under the same id', async () => {
    write(new Outbox(KEY), 'written before');
    const reloaded = new Outbox(KEY);
    const delivered: OutboxItem[] = [];
    const controller = run(reloaded, (item) => {
      delivered.push(item);
      return Promise.resolve();
    });
    await vi.waitFor(() => expect(states(reloaded)).toEqual(['accepted']));
    controller.abort();
    expect(delivered[0]?.clientMessageId).toBe(reloaded.items[0]?.clientMessageId);
  });
});

describe('pendingOf', () => {
  it('leaves what the transcript shows by now, and other conversations', () => {
    const outbox = new Outbox(KEY);
    write(outbox, 'shown');
    write(outbox, 'not yet shown');
    outbox.add({ conversationId: 'c-2', text: 'elsewhere', visibility: 'public' });
    const transcript = [aMessage({ id: outbox.items[0]?.clientMessageId ?? '' })];
    expect(pendingOf(outbox.items, 'c-1', transcript).map((item) => item.text)).toEqual(['not yet shown']);
  });
});
