import { useEffect, useState } from 'react';
import type { Explanation } from '../api/types';
import { runPollLoop } from '../lib/pollLoop';
import { sleep } from '../lib/retry';
import type { SupervisorApi } from './supervisorApi';

const EVERY_MS = 2_500;

interface Explained {
  explanation: Explanation | null;
  /** The last round has failed; what was read before is still there. */
  isConnected: boolean;
  /** What trying again will not mend. */
  error: unknown;
}

/** Reads an explanation again and again, for as long as somebody looks at it. */
export function useExplanation(api: SupervisorApi, conversationId: string, language: string): Explained {
  const [explanation, setExplanation] = useState<Explanation | null>(null);
  const [isConnected, setIsConnected] = useState(true);
  const [error, setError] = useState<unknown>(null);

  useEffect(() => {
    const controller = new AbortController();
    void runPollLoop({
      signal: controller.signal,
      onConnection: setIsConnected,
      onGivenUp: setError,
      poll: async (signal, waitSeconds) => {
        // The first time, and after a failure, an answer is wanted at once.
        if (waitSeconds > 0) {
          await sleep(EVERY_MS, signal);
        }
        const found = await api.explanation(conversationId, language, signal);
        if (!signal.aborted) {
          setExplanation(found);
        }
      },
    });
    return () => controller.abort();
  }, [api, conversationId, language]);

  return { explanation, isConnected, error };
}
