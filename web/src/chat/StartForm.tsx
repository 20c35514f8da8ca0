import { Button, Field, Input, Title2 } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatStarted, StartChat } from '../api/types';
import { NAME_CHARS_MAX, printable } from '../lib/text';
import { useEntryStyles } from '../ui/entryStyles';
import { useStartChat } from './useStartChat';

interface StartFormProps {
  initialName: string;
  previousConversationId: string | null;
  onStarted: (started: ChatStarted, name: string) => void;
}

export function StartForm({ initialName, previousConversationId, onStarted }: StartFormProps) {
  const styles = useEntryStyles();
  const { t, i18n } = useTranslation('chat');
  const [name, setName] = useState(initialName);

  const locale = i18n.language;
  const body = useMemo<StartChat>(
    () => ({ locale, customer: { name: printable(name).trim() || null }, previousConversationId }),
    [locale, name, previousConversationId],
  );
  const onStartedNamed = useCallback((started: ChatStarted) => onStarted(started, name), [name, onStarted]);
  const start = useStartChat(body, onStartedNamed);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    start.run();
  };

  return (
    <main className={styles.main}>
      <form className={styles.form} onSubmit={submit}>
        <Title2 as="h1">{t('heading')}</Title2>
        <p>{t('lead')}</p>
        <Field label={t('name')}>
          <Input
            value={name}
            onChange={(_, data) => setName(data.value)}
            maxLength={NAME_CHARS_MAX}
            autoComplete="name"
            disabled={start.isBusy}
            data-testid="start-name"
          />
        </Field>
        <Button
          type="submit"
          appearance="primary"
          size="large"
          disabledFocusable={start.isBusy}
          data-testid="start-chat"
        >
          {start.isBusy ? t('starting') : t('start')}
        </Button>
        <div role="status">
          {start.isBusy && start.isRetrying && t('startRetrying')}
          {start.error !== null && t('startFailed')}
        </div>
      </form>
    </main>
  );
}
