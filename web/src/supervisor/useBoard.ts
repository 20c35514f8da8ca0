import { useCallback, useEffect, useRef, useState } from 'react';
import type { Overview, SupervisedAgent, SupervisedConversation, SupervisedQueue } from '../api/types';
import { runPollLoop } from '../lib/pollLoop';
import { sleep } from '../lib/retry';
import { serverClock } from '../lib/serverClock';
import type { Filter, SupervisorApi } from './supervisorApi';

const EVERY_MS = 2_500;

/** All that the page shows, as of one moment. */
export interface BoardData {
  overview: Overview;
  queues: readonly SupervisedQueue[];
  agents: readonly SupervisedAgent[];
  conversations: readonly SupervisedConversation[];
  hasMore: boolean;
  /** By the server's clock. */
  readAtMs: number;
}

/** Reads all figures again and again; `refresh` does not wait for the next time. */
export function useBoard(api: SupervisorApi, filter: Filter, onGivenUp: (error: unknown) => void) {
  const [data, setData] = useState<BoardData | null>(null);
  const [isConnected, setIsConnected] = useState(true);
  const pause = useRef<AbortController | null>(null);
  const refresh = useCallback(() => pause.current?.abort(), []);

  useEffect(() => {
    const controller = new AbortController();
    void runPollLoop({
      signal: controller.signal,
      onConnection: setIsConnected,
      onGivenUp,
      poll: async (signal, waitSeconds) => {
        // The first time, and after a failure, an answer is wanted at once.
        if (waitSeconds > 0) {
          pause.current = new AbortController();
          await sleep(EVERY_MS, AbortSignal.any([signal, pause.current.signal]));
        }
        const found = await readBoard(api, filter, signal);
        if (!signal.aborted) {
          setData(found);
        }
      },
    });
    return () => controller.abort();
  }, [api, filter, onGivenUp]);

  return { data, isConnected, refresh };
}

async function readBoard(api: SupervisorApi, filter: Filter, signal: AbortSignal): Promise<BoardData> {
  const [overview, queues, agents, conversations] = await Promise.all([
    api.overview(signal),
    api.queues(signal),
    api.agents(signal),
    api.conversations(filter, signal),
  ]);
  const hasMore = typeof conversations.nextCursor === 'string';
  return { overview, queues, agents, conversations: conversations.items, hasMore, readAtMs: serverClock.nowMs() };
}
