import { useCallback } from 'react';
import { type Action, useAction } from '../lib/useAction';
import { useWorkspace } from './WorkspaceContext';
import { errorText } from './noticeTexts';

/** Something that a button of the workspace does; a failure is announced. Its effect shows once the inbox tells it. */
export function useAgentAction(work: () => Promise<unknown>): Action {
  const { notify } = useWorkspace();
  return useAction(
    useCallback(async () => {
      try {
        await work();
      } catch (error) {
        notify(errorText(error), 'error');
      }
    }, [work, notify]),
  );
}
