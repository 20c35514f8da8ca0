import { useEffect, useState } from 'react';
import { readStored, writeStored } from './storage';

/** State that survives a reload of the page, in this tab only. */
export function useSessionState<T>(key: string, initial: T, isValid: (value: unknown) => value is T) {
  const [value, setValue] = useState(() => readStored(sessionStorage, key, isValid) ?? initial);
  useEffect(() => writeStored(sessionStorage, key, value), [key, value]);
  return [value, setValue] as const;
}
