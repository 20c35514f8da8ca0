import { useCallback, useState } from 'react';
import { hasStatus } from '../api/errors';
import { isRecord, isString } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';

export interface StaffSession {
  user: string;
  token: string;
}

/** Why somebody is at the sign-in form who did not ask to be. */
export type SignOutReason = 'expired' | 'forbidden' | null;

/** Who is signed in to a page, in this tab. */
export function useStaffSession(storageKey: string) {
  const [session, setSession] = useSessionState<StaffSession | null>(storageKey, null, isStaffSession);
  const [reason, setReason] = useState<SignOutReason>(null);

  const signOut = useCallback(() => {
    setReason(null);
    setSession(null);
  }, [setSession]);
  const onGivenUp = useCallback(
    (error: unknown) => {
      setReason(hasStatus(error, 403) ? 'forbidden' : 'expired');
      setSession(null);
    },
    [setSession],
  );
  return { session, reason, signIn: setSession, signOut, onGivenUp };
}

function isStaffSession(value: unknown): value is StaffSession {
  return isRecord(value) && isString(value['user']) && isString(value['token']);
}
