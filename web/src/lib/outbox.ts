import { hasStatus, isTransient } from '../api/errors';
import type { Message, Visibility } from '../api/types';
import { retry } from './retry';
import { isRecord, readStored, writeStored } from './storage';

/** What is kept; a transcript shows older messages without help from here. */
const ITEMS_MAX = 100;

/** A message that was written here, until and after the server has taken it. */
export interface OutboxItem {
  clientMessageId: string;
  conversationId: string;
  text: string;
  visibility: Visibility;
  at: string;
  state: 'sending' | 'retrying' | 'accepted' | 'refused';
}

export type NewMessage = Pick<OutboxItem, 'conversationId' | 'text' | 'visibility'>;

/** Hands one message over; it may be handed over again, with the same `clientMessageId`. */
export type Deliver = (item: OutboxItem) => Promise<unknown>;

/**
 * Sends messages in the order they were written, one at a time, each again and again until the server has taken or
 * refused it. Kept in the tab's storage: a reload does not lose what was not yet sent.
 */
export class Outbox {
  readonly #storageKey: string;
  readonly #listeners = new Set<() => void>();
  #items: readonly OutboxItem[];

  constructor(storageKey: string) {
    this.#storageKey = storageKey;
    this.#items = readStored(sessionStorage, storageKey, isItems) ?? [];
  }

  get items(): readonly OutboxItem[] {
    return this.#items;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  add(message: NewMessage): void {
    const at = new Date().toISOString();
    const clientMessageId = crypto.randomUUID();
    const kept = this.#items.slice(1 - ITEMS_MAX);
    this.#update([...kept, { ...message, clientMessageId, at, state: 'sending' }]);
  }

  /** Sends what is there and what will come, until aborted. */
  async run(deliver: Deliver, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const item = this.#items.find(isUnsent);
      if (item === undefined) {
        await this.#nextChange(signal);
      } else {
        await this.#send(item, deliver, signal);
      }
    }
  }

  async #send(item: OutboxItem, deliver: Deliver, signal: AbortSignal): Promise<void> {
    try {
      await retry(() => deliver(item), {
        signal,
        // Who must sign in again can send it afterwards.
        isRetriable: (error) => isTransient(error) || hasStatus(error, 401),
        onFailure: () => this.#change(item, { state: 'retrying' }),
      });
      this.#change(item, { state: 'accepted' });
    } catch {
      if (!signal.aborted) {
        this.#change(item, { state: 'refused' });
      }
    }
  }

  #change(item: OutboxItem, changes: Partial<OutboxItem>): void {
    const isSame = (other: OutboxItem) => other.clientMessageId === item.clientMessageId;
    this.#update(this.#items.map((other) => (isSame(other) ? { ...other, ...changes } : other)));
  }

  #update(items: readonly OutboxItem[]): void {
    this.#items = items;
    writeStored(sessionStorage, this.#storageKey, items);
    this.#listeners.forEach((listener) => listener());
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        unsubscribe();
        resolve();
      };
      const unsubscribe = this.subscribe(finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}

/** What was written in a conversation and its transcript does not show yet: there, a message keeps its client's id. */
export function pendingOf(
  items: readonly OutboxItem[],
  conversationId: string,
  transcript: readonly Message[],
): OutboxItem[] {
  const shown = new Set(transcript.map((message) => message.id));
  return items.filter((item) => item.conversationId === conversationId && !shown.has(item.clientMessageId));
}

function isUnsent(item: OutboxItem): boolean {
  return item.state === 'sending' || item.state === 'retrying';
}

/** Only this class writes under its key, so the outline is enough of a check. */
function isItems(value: unknown): value is OutboxItem[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && 'clientMessageId' in item);
}
