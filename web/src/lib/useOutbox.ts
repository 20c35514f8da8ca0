import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { type Deliver, type NewMessage, Outbox } from './outbox';

/** An outbox that sends while the component is shown. */
export function useOutbox(storageKey: string, deliver: Deliver) {
  const [outbox] = useState(() => new Outbox(storageKey));
  const subscribe = useCallback((listener: () => void) => outbox.subscribe(listener), [outbox]);
  const items = useSyncExternalStore(subscribe, () => outbox.items);

  useEffect(() => {
    const controller = new AbortController();
    void outbox.run(deliver, controller.signal);
    return () => controller.abort();
  }, [outbox, deliver]);

  const add = useCallback((message: NewMessage) => outbox.add(message), [outbox]);
  return useMemo(() => ({ items, add }), [items, add]);
}
