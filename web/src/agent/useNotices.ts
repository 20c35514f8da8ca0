import type { TFunction } from 'i18next';
import { useCallback, useState } from 'react';

/** The oldest go first; nobody reads more at once. */
const NOTICES_MAX = 3;

/** Worded when shown: the language may change meanwhile. */
export type NoticeText = (t: TFunction<'agent'>) => string;

export interface Notice {
  id: number;
  text: NoticeText;
  intent: 'info' | 'error';
}

/** Short news at the top of the workspace. */
export function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([]);

  const notify = useCallback((text: NoticeText, intent: Notice['intent'] = 'info') => {
    setNotices((old) => {
      const id = (old.at(-1)?.id ?? 0) + 1;
      return [...old, { id, text, intent }].slice(-NOTICES_MAX);
    });
  }, []);
  const dismiss = useCallback((id: number) => setNotices((old) => old.filter((notice) => notice.id !== id)), []);
  return { notices, notify, dismiss };
}
