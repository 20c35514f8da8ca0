import { useTranslation } from 'react-i18next';
import { SignIn } from '../staff/SignIn';
import { useStaffSession } from '../staff/useStaffSession';
import { Board } from './Board';

export function SupervisorPage() {
  const { t } = useTranslation('supervisor');
  const { session, reason, signIn, signOut, onGivenUp } = useStaffSession('atende.supervisor');
  return session === null ? (
    <SignIn title={t('title')} wording={(key) => t(`signIn.${key}`)} reason={reason} onSignedIn={signIn} />
  ) : (
    <Board key={session.token} session={session} onSignOut={signOut} onGivenUp={onGivenUp} />
  );
}
