import { useCallback, useState } from 'react';
import type { ChatStarted, StartChat } from '../api/types';
import { retry } from '../lib/retry';
import { useAction } from '../lib/useAction';
import { useIdempotencyKey } from '../lib/useIdempotencyKey';
import { startChat } from './chatApi';

/** Starts a chat once, however often the request must be repeated. */
export function useStartChat(body: StartChat, onStarted: (started: ChatStarted) => void) {
  const [isRetrying, setIsRetrying] = useState(false);
  const keyFor = useIdempotencyKey();

  const work = useCallback(
    async (signal: AbortSignal) => {
      setIsRetrying(false);
      const start = () => startChat(body, keyFor(body));
      onStarted(await retry(start, { signal, onFailure: () => setIsRetrying(true) }));
    },
    [body, keyFor, onStarted],
  );
  return { ...useAction(work), isRetrying };
}
