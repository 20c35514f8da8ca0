import { SignIn } from './SignIn';
import { Workspace } from './Workspace';
import { useAgentSession } from './useAgentSession';

export function AgentPage() {
  const { session, reason, signIn, signOut, onGivenUp } = useAgentSession();
  return session === null ? (
    <SignIn reason={reason} onSignedIn={signIn} />
  ) : (
    <Workspace key={session.token} session={session} onSignOut={signOut} onGivenUp={onGivenUp} />
  );
}
