import { useEffect, useState } from 'react';
import type { DirectoryEntry } from '../api/types';
import { retry } from '../lib/retry';
import { useWorkspace } from './WorkspaceContext';

/** What a dialog chooses from; null until it is there. */
export function useDirectory(kind: DirectoryEntry['kind']): readonly DirectoryEntry[] | null {
  const { api } = useWorkspace();
  const [found, setFound] = useState<{ kind: string; entries: readonly DirectoryEntry[] } | null>(null);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    retry(() => api.directory(kind, signal), { signal })
      .then((entries) => setFound({ kind, entries }))
      // The dialog stays empty; there is nothing to choose without an answer.
      .catch(() => undefined);
    return () => controller.abort();
  }, [api, kind]);

  return found?.kind === kind ? found.entries : null;
}
