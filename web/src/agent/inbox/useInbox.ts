import { useEffect, useReducer, useState } from 'react';
import { hasStatus } from '../../api/errors';
import { runPollLoop } from '../../lib/pollLoop';
import type { AgentApi } from '../agentApi';
import { type KnownEvent, isKnown } from './events';
import { inboxReducer } from './reducer';
import { NOTHING_KNOWN } from './state';

interface InboxListeners {
  onEvent: (event: KnownEvent) => void;
  /** The server will not answer this agent any more. */
  onGivenUp: (error: unknown) => void;
}

/** Follows the agent's inbox: a snapshot first, then events; a new snapshot when the cursor is too old. */
export function useInbox(api: AgentApi, { onEvent, onGivenUp }: InboxListeners) {
  const [state, dispatch] = useReducer(inboxReducer, NOTHING_KNOWN);
  const [isConnected, setIsConnected] = useState(true);

  useEffect(() => {
    const controller = new AbortController();
    let cursor: string | null = null;
    void runPollLoop({
      signal: controller.signal,
      onConnection: setIsConnected,
      onGivenUp,
      poll: async (signal, waitSeconds) => {
        const answer = await readInbox(api, cursor, waitSeconds, signal);
        if (signal.aborted) {
          return;
        }
        cursor = answer.eventId;
        dispatch({ type: 'inbox', answer });
        answer.events?.filter(isKnown).forEach((event) => onEvent(event));
      },
    });
    return () => controller.abort();
  }, [api, onEvent, onGivenUp]);

  return { state, dispatch, isConnected };
}

async function readInbox(api: AgentApi, cursor: string | null, waitSeconds: number, signal: AbortSignal) {
  try {
    return await api.inbox(cursor, waitSeconds, signal);
  } catch (error) {
    if (hasStatus(error, 410)) {
      return await api.inbox(null, 0, signal);
    }
    throw error;
  }
}
