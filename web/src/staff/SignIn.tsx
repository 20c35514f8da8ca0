import { Button, Field, Input, Title2 } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { hasCode, hasStatus } from '../api/errors';
import { useAction } from '../lib/useAction';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import { useEntryStyles } from '../ui/entryStyles';
import { Header } from '../ui/Header';
import { signIn } from './signIn';
import type { SignOutReason, StaffSession } from './useStaffSession';

type Part = 'heading' | 'lead' | 'user' | 'submit';
type Failure = 'unknownUser' | 'switchedOff' | 'failed';

interface SignInProps {
  /** Of the document. */
  title: string;
  /** The page's own words. */
  wording: (key: Part | Failure | NonNullable<SignOutReason>) => string;
  reason: SignOutReason;
  onSignedIn: (session: StaffSession) => void;
}

/** Signing in by name, which only development machines allow. */
export function SignIn({ title, wording, reason, onSignedIn }: SignInProps) {
  const styles = useEntryStyles();
  const [user, setUser] = useState(() => new URLSearchParams(window.location.search).get('user') ?? '');
  useDocumentTitle(title);
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
  const problem = attempt.error === null ? null : wording(failureOf(attempt.error));

  return (
    <>
      <Header />
      <main className={styles.main}>
        <form className={styles.form} onSubmit={submit}>
          <Title2 as="h1">{wording('heading')}</Title2>
          <p>{wording('lead')}</p>
          {reason !== null && (
            <p role="status" data-testid="sign-in-reason">
              {wording(reason)}
            </p>
          )}
          <Field label={wording('user')} required validationMessage={problem}>
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
            {wording('submit')}
          </Button>
        </form>
      </main>
    </>
  );
}

function failureOf(error: unknown): Failure {
  if (hasCode(error, 'unknown-user')) {
    return 'unknownUser';
  }
  return hasStatus(error, 404) ? 'switchedOff' : 'failed';
}
