import { useCallback, useRef } from 'react';

/** Gives a key for a request: the same while the body is the same, so that repeating it creates nothing twice. */
export function useIdempotencyKey(): (body: unknown) => string {
  const last = useRef({ body: '', key: '' });
  return useCallback((body: unknown) => {
    const text = JSON.stringify(body);
    if (last.current.body !== text) {
      last.current = { body: text, key: crypto.randomUUID() };
    }
    return last.current.key;
  }, []);
}
