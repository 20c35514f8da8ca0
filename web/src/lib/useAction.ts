import { useCallback, useEffect, useRef, useState } from 'react';

export interface Action {
  /** Starts the work; does nothing while it is under way. */
  run: () => void;
  isBusy: boolean;
  error: unknown;
}

/** One piece of work that a button starts: it cannot be started twice at a time, and its failure is kept to be shown. */
export function useAction(work: (signal: AbortSignal) => Promise<void>): Action {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);

  useEffect(() => () => running.current?.abort(), []);

  const run = useCallback(() => {
    if (running.current !== null) {
      return;
    }
    const controller = new AbortController();
    running.current = controller;
    setIsBusy(true);
    setError(null);
    work(controller.signal)
      .catch((reason: unknown) => {
        if (!controller.signal.aborted) {
          setError(reason);
        }
      })
      .finally(() => {
        running.current = null;
        setIsBusy(false);
      });
  }, [work]);

  return { run, isBusy, error };
}
