import { useCallback, useState } from 'react';
import { hasStatus } from '../api/errors';
import { isRecord, isString } from '../lib/storage';
import { useSessionState } from '../lib/useSessionState';

export interface AgentSession {
  user: string;
  token: string;
}

/** Why somebody is at the sign-in form who did not ask to be. */
export type SignOutReason = 'expired' | 'forbidden' | null;

/** Who is signed in, in this tab. */
export function useAgentSession() {
  const [session, setSession] = useSessionState<AgentSession | null>('atende.agent', null, isAgentSession);
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

function isAgentSession(value: unknown): value is AgentSession {
  return isRecord(value) && isString(value['user']) && isString(value['token']);
}
