import { WAIT_SECONDS } from '../api/client';
import { isTransient } from '../api/errors';
import { Backoff, sleep } from './retry';

/** Bounds the rate of requests to a server that answers long polls at once. */
const ROUND_MS_MIN = 250;

interface PollLoop {
  poll: (signal: AbortSignal, waitSeconds: number) => Promise<void>;
  onConnection: (isConnected: boolean) => void;
  onGivenUp: (error: unknown) => void;
  signal: AbortSignal;
}

/** Long-polls until aborted, through restarts of the server; gives up at what waiting will not mend. */
export async function runPollLoop({ poll, onConnection, onGivenUp, signal }: PollLoop): Promise<void> {
  const backoff = new Backoff();
  const isAborted = () => signal.aborted;
  let isConnected = false;
  while (!isAborted()) {
    const startedAt = performance.now();
    try {
      // Without a connection an answer is wanted at once: it tells that the server is back.
      await poll(signal, isConnected ? WAIT_SECONDS : 0);
      isConnected = true;
      backoff.reset();
      onConnection(true);
      await sleep(ROUND_MS_MIN - (performance.now() - startedAt), signal);
    } catch (error) {
      if (isAborted()) {
        return;
      }
      if (!isTransient(error)) {
        onGivenUp(error);
        return;
      }
      isConnected = false;
      onConnection(false);
      await sleep(backoff.nextMs(error), signal);
    }
  }
}
