import { type Dispatch, useEffect, useRef } from 'react';
import { retry } from '../../lib/retry';
import type { AgentApi } from '../agentApi';
import type { InboxAction } from './reducer';
import type { InboxState } from './state';

/** Reads each conversation that the inbox names, once after each snapshot; events keep it up to date. */
export function useViews(api: AgentApi, state: InboxState, dispatch: Dispatch<InboxAction>): void {
  const { snapshotId } = state;
  const requested = useRef(new Set<string>());
  const controller = useRef(new AbortController());

  // Declared first: after a new snapshot everything is to be read anew.
  useEffect(() => {
    requested.current = new Set();
    controller.current = new AbortController();
    return () => controller.current.abort();
  }, [api, snapshotId]);

  useEffect(() => {
    const { signal } = controller.current;
    for (const id of Object.keys(state.conversations)) {
      if (!requested.current.has(id)) {
        requested.current.add(id);
        retry(() => api.view(id, signal), { signal })
          .then((view) => dispatch({ type: 'view', view, snapshotId }))
          // No longer this agent's: the inbox says so as well.
          .catch(() => undefined);
      }
    }
  }, [api, state.conversations, snapshotId, dispatch]);
}
