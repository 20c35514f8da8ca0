import { ApiError, isTransient } from '../api/errors';

const FIRST_MS = 400;
const LONGEST_MS = 5_000;

/** The pauses between attempts: doubled each time, with jitter so that all clients do not return at once. */
export class Backoff {
  #failures = 0;

  reset(): void {
    this.#failures = 0;
  }

  /** How long to pause after this failure. */
  nextMs(error: unknown): number {
    const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    const askedForMs = error instanceof ApiError ? error.retryAfterMs : 0;
    return Math.max(askedForMs, ceilingMs * (0.5 + Math.random() / 2));
  }
}

/** Resolves after the time, at once when aborted or when there is nothing to wait for. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || ms <= 0) {
      resolve();
      return;
    }
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}

interface RetryOptions {
  signal: AbortSignal;
  onFailure?: (error: unknown) => void;
  isRetriable?: (error: unknown) => boolean;
}

/** Calls until it succeeds; throws what a repetition will not mend, and the last failure once aborted. */
export async function retry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, onFailure, isRetriable = isTransient } = options;
  const backoff = new Backoff();
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (signal.aborted || !isRetriable(error)) {
        throw error;
      }
      onFailure?.(error);
      await sleep(backoff.nextMs(error), signal);
      signal.throwIfAborted();
    }
  }
}
