import { useCallback, useEffect, useState } from 'react';
import type { KnownEvent } from './inbox/events';

/** A customer who goes on typing says so more often than this. */
const LASTS_MS = 6_000;

/** When each conversation's customer was last seen typing. */
type SeenTyping = ReadonlyMap<string, number>;

/** The conversations whose customers are typing now. */
export function useTypists() {
  const [typists, setTypists] = useState<SeenTyping>(new Map());

  const onEvent = useCallback((event: KnownEvent) => {
    if (event.type === 'customer.typing') {
      const { conversationId, typing } = event.data;
      setTypists((old) =>
        typing ? new Map(old).set(conversationId, performance.now()) : without(old, conversationId),
      );
    } else if (event.type === 'message.upserted' && event.data.message.sender.kind === 'customer') {
      const { conversationId } = event.data;
      setTypists((old) => without(old, conversationId));
    }
  }, []);

  useEffect(() => {
    if (typists.size === 0) {
      return;
    }
    const timer = setTimeout(() => setTypists(stillTyping), LASTS_MS);
    return () => clearTimeout(timer);
  }, [typists]);

  return { typists, onEvent };
}

function without(typists: SeenTyping, conversationId: string): SeenTyping {
  return new Map([...typists].filter(([id]) => id !== conversationId));
}

function stillTyping(typists: SeenTyping): SeenTyping {
  const oldest = performance.now() - LASTS_MS;
  return new Map([...typists].filter(([, seenAt]) => seenAt > oldest));
}
