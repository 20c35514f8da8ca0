import { useCallback, useEffect, useReducer, useState } from 'react';
import { runPollLoop } from '../lib/pollLoop';
import type { ChatApi } from './chatApi';
import { NOTHING_READ, chatReducer, lastSequence } from './chatState';

/** Reads the chat by long polls for as long as something can still come. */
export function useChat(api: ChatApi) {
  const [state, dispatch] = useReducer(chatReducer, NOTHING_READ);
  const [isConnected, setIsConnected] = useState(true);
  const [isLost, setIsLost] = useState(false);
  const isClosed = state.status === 'closed';

  useEffect(() => {
    if (isClosed) {
      return;
    }
    const controller = new AbortController();
    let after = 0;
    void runPollLoop({
      signal: controller.signal,
      onConnection: setIsConnected,
      onGivenUp: () => setIsLost(true),
      poll: async (signal, waitSeconds) => {
        const answer = await api.read(after, waitSeconds, signal);
        after = Math.max(after, lastSequence(answer.messages));
        if (!signal.aborted) {
          dispatch({ type: 'read', answer });
        }
      },
    });
    return () => controller.abort();
  }, [api, isClosed]);

  const markClosed = useCallback(() => dispatch({ type: 'closed' }), []);
  return { state, isConnected, isLost, markClosed };
}
