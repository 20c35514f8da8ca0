import { useEffect } from 'react';
import { isRecord } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';
import { type Seen, transcriptOf } from './inbox/select';
import type { InboxState } from './inbox/state';

/** Remembers how far each conversation was looked at: the open one, up to its end. */
export function useSeen(state: InboxState, openId: string | null): Seen {
  const [seen, setSeen] = useSessionState<Seen>('atende.agent.seen', {}, isSeen);
  const last = openId === null ? undefined : transcriptOf(state, openId).at(-1)?.sequence;

  useEffect(() => {
    if (openId !== null && last !== undefined) {
      setSeen((old) => (old[openId] === last ? old : { ...old, [openId]: last }));
    }
  }, [openId, last, setSeen]);
  return seen;
}

function isSeen(value: unknown): value is Seen {
  return isRecord(value) && Object.values(value).every((sequence) => typeof sequence === 'number');
}
