import { useTranslation } from 'react-i18next';
import { SignIn } from '../staff/SignIn';
import { useStaffSession } from '../staff/useStaffSession';
import { Workspace } from './Workspace';

export function AgentPage() {
  const { t } = useTranslation('agent');
  const { session, reason, signIn, signOut, onGivenUp } = useStaffSession('atende.agent');
  return session === null ? (
    <SignIn title={t('title')} wording={(key) => t(`signIn.${key}`)} reason={reason} onSignedIn={signIn} />
  ) : (
    <Workspace key={session.token} session={session} onSignOut={signOut} onGivenUp={onGivenUp} />
  );
}
