import { Button, Field, Input, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedQueue } from '../api/types';
import { printable } from '../lib/text';
import { useAction } from '../lib/useAction';
import { ModalActions } from '../ui/ModalActions';
import { useBoardContext } from './BoardContext';
import type { ClosureDraft } from './ClosureDialog';

/** Shorter than the API allows: it is read in a hurry. */
const MESSAGE_CHARS_MAX = 1_000;

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface ClosureFormProps {
  queue: SupervisedQueue;
  draft: ClosureDraft;
  onNext: (draft: ClosureDraft) => void;
  onClose: () => void;
}

export function ClosureForm({ queue, draft, onNext, onClose }: ClosureFormProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const { t: tCommon } = useTranslation('common');
  const { api, onDone } = useBoardContext();
  const [until, setUntil] = useState(() => localInput(draft.closedUntil));
  const [message, setMessage] = useState(draft.message);
  const [isPast, setIsPast] = useState(false);
  const lift = useAction(
    useCallback(async () => {
      await api.openQueue(queue.id);
      onDone('queueOpened');
      onClose();
    }, [api, queue.id, onDone, onClose]),
  );

  const text = printable(message).trim();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const at = new Date(until);
    const isToCome = at.getTime() > Date.now();
    setIsPast(!isToCome);
    if (isToCome && text !== '') {
      onNext({ closedUntil: at.toISOString(), message: text });
    }
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <p>{t('closure.lead')}</p>
      <Field label={t('closure.until')} required validationMessage={isPast ? t('closure.past') : null}>
        <Input
          type="datetime-local"
          value={until}
          onChange={(_, data) => setUntil(data.value)}
          data-testid="closure-until"
        />
      </Field>
      <Field label={t('closure.message')} required validationMessage={lift.error === null ? null : t('errors.other')}>
        <Textarea
          value={message}
          onChange={(_, data) => setMessage(data.value)}
          maxLength={MESSAGE_CHARS_MAX}
          data-testid="closure-message"
        />
      </Field>
      <ModalActions>
        {queue.closure !== null && (
          <Button onClick={lift.run} disabledFocusable={lift.isBusy} data-testid="closure-lift">
            {t('closure.lift')}
          </Button>
        )}
        <Button onClick={onClose} data-testid="action-cancel">
          {tCommon('cancel')}
        </Button>
        <Button
          type="submit"
          appearance="primary"
          disabledFocusable={text === '' || until === ''}
          data-testid="closure-next"
        >
          {t('closure.next')}
        </Button>
      </ModalActions>
    </form>
  );
}

/** A moment as the input shows it: in the browser's time zone, without saying so. */
function localInput(at: string): string {
  const moment = new Date(at);
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
