import { Body1, Button, Field, Select, Subtitle2, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TEXT_CHARS_MAX, printable } from '../lib/text';
import { useWorkspace } from './WorkspaceContext';
import { useAgentAction } from './useAgentAction';
import { useDirectory } from './useDirectory';

const useStyles = makeStyles({
  form: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalL,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  close: { alignSelf: 'flex-start' },
});

/** Takes the composer's place once the conversation is over, until it is filed. */
export function WrapUpPanel({ conversationId }: { conversationId: string }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { api, notify } = useWorkspace();
  const dispositions = useDirectory('disposition') ?? [];
  const [disposition, setDisposition] = useState('');
  const [notes, setNotes] = useState('');

  const wrapUp = useAgentAction(
    useCallback(async () => {
      await api.wrapUp(conversationId, { disposition, notes: printable(notes).trim() || null });
      notify((wording) => wording('wrapUp.closed'));
    }, [api, notify, conversationId, disposition, notes]),
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    wrapUp.run();
  };

  return (
    <form className={styles.form} onSubmit={submit} aria-labelledby="wrap-up" data-testid="wrap-up">
      <Subtitle2 as="h3" id="wrap-up">
        {t('wrapUp.heading')}
      </Subtitle2>
      <Body1>{t('wrapUp.lead')}</Body1>
      <Field label={t('wrapUp.disposition')} required>
        <Select value={disposition} onChange={(_, data) => setDisposition(data.value)} data-testid="disposition">
          <option value="">{t('wrapUp.choose')}</option>
          {dispositions.map((entry) => (
            <option key={entry.id} value={entry.id}>
              {entry.name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('wrapUp.notes')}>
        <Textarea
          value={notes}
          onChange={(_, data) => setNotes(data.value)}
          maxLength={TEXT_CHARS_MAX}
          data-testid="wrap-up-notes"
        />
      </Field>
      <Button
        type="submit"
        appearance="primary"
        className={styles.close}
        disabledFocusable={disposition === '' || wrapUp.isBusy}
        data-testid="wrap-up-close"
      >
        {t('wrapUp.close')}
      </Button>
    </form>
  );
}
