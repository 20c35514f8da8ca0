import { useCallback, useRef } from 'react';
import type { ChatApi } from './chatApi';

const INTERVAL_MS = 4_000;

/** Tells the other side that the customer types; call it at each key stroke, it sends only now and then. */
export function useTypingSignal(api: ChatApi): () => void {
  const lastSentMs = useRef(-Infinity);
  return useCallback(() => {
    if (performance.now() - lastSentMs.current > INTERVAL_MS) {
      lastSentMs.current = performance.now();
      // Nothing is lost if this does not arrive.
      api.sayTyping().catch(() => undefined);
    }
  }, [api]);
}
