import { Button, Field, Input, Title2 } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hasCode, hasStatus } from '../api/errors';
import { useAction } from '../lib/useAction';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import { useEntryStyles } from '../ui/entryStyles';
import { Header } from '../ui/Header';
import { signIn } from './agentApi';
import type { AgentSession, SignOutReason } from './useAgentSession';

interface SignInProps {
  reason: SignOutReason;
  onSignedIn: (session: AgentSession) => void;
}

/** Signing in by name, which only development machines allow. */
export function SignIn({ reason, onSignedIn }: SignInProps) {
  const styles = useEntryStyles();
  const { t } = useTranslation('agent');
  const [user, setUser] = useState(() => new URLSearchParams(window.location.search).get('user') ?? '');
  useDocumentTitle(t('title'));
  const attempt = useAction(
    useCallback(async () => {
      const name = user.trim();
      const { token } = await signIn(name);
      onSignedIn({ user: name, token });
    }, [user, onSignedIn]),
  );

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (user.trim() !== '') {
      attempt.run();
    }
  };
  const problem = attempt.error === null ? null : t(`signIn.${failureOf(attempt.error)}`);

  return (
    <>
      <Header />
      <main className={styles.main}>
        <form className={styles.form} onSubmit={submit}>
          <Title2 as="h1">{t('signIn.heading')}</Title2>
          <p>{t('signIn.lead')}</p>
          {reason !== null && (
            <p role="status" data-testid="sign-in-reason">
              {t(`signIn.${reason}`)}
            </p>
          )}
          <Field label={t('signIn.user')} required validationMessage={problem}>
            <Input
              value={user}
              onChange={(_, data) => setUser(data.value)}
              maxLength={64}
              autoComplete="username"
              autoCapitalize="none"
              data-testid="sign-in-user"
            />
          </Field>
          <Button type="submit" appearance="primary" disabledFocusable={attempt.isBusy} data-testid="sign-in">
            {t('signIn.submit')}
          </Button>
        </form>
      </main>
    </>
  );
}

function failureOf(error: unknown): 'unknownUser' | 'switchedOff' | 'failed' {
  if (hasCode(error, 'unknown-user')) {
    return 'unknownUser';
  }
  return hasStatus(error, 404) ? 'switchedOff' : 'failed';
}
