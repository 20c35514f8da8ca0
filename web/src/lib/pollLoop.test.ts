import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/errors';
import { problem } from '../test/fakeServer';
import { runPollLoop } from './pollLoop';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Poll = (signal: AbortSignal, waitSeconds: number) => Promise<void>;

function start(poll: Poll) {
  const controller = new AbortController();
  const connections: boolean[] = [];
  const onGivenUp = vi.fn();
  const onConnection = (isConnected: boolean) => connections.push(isConnected);
  void runPollLoop({ poll, onConnection, onGivenUp, signal: controller.signal });
  return { controller, connections, onGivenUp };
}

const refused = () => new ApiError(problem(401, 'unauthenticated'), null);

describe('runPollLoop', () => {
  it('survives a restart of the server, and asks for an answer at once to notice its return', async () => {
    const waits: number[] = [];
    const outcomes = [true, true, false, false, true, true];
    const { controller, connections } = start((_, waitSeconds) => {
      waits.push(waitSeconds);
      const isUp = outcomes[waits.length - 1] ?? true;
      return isUp ? Promise.resolve() : Promise.reject(new TypeError('Failed to fetch'));
    });
    await vi.advanceTimersByTimeAsync(3_000);
    controller.abort();
    expect(connections.slice(0, 6)).toEqual(outcomes);
    expect(waits.slice(0, 6)).toEqual([0, 20, 20, 0, 0, 20]);
  });

  it('gives up at what waiting will not mend', async () => {
    const poll = vi.fn<Poll>(() => Promise.reject(refused()));
    const { onGivenUp } = start(poll);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(poll).toHaveBeenCalledTimes(1);
    expect(onGivenUp).toHaveBeenCalledTimes(1);
  });

  it('does not flood a server that never waits', async () => {
    const poll = vi.fn<Poll>(() => Promise.resolve());
    const { controller } = start(poll);
    await vi.advanceTimersByTimeAsync(1_000);
    controller.abort();
    expect(poll.mock.calls.length).toBeLessThanOrEqual(5);
  });

  it('says nothing any more once aborted', async () => {
    const { controller, onGivenUp, connections } = start(async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw refused();
    });
    controller.abort();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(onGivenUp).not.toHaveBeenCalled();
    expect(connections).toEqual([]);
  });
});
