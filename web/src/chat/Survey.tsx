import { Button, Field, Radio, RadioGroup, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { retry } from '../lib/retry';
import { TEXT_CHARS_MAX, printable } from '../lib/text';
import { useAction } from '../lib/useAction';
import type { ChatApi } from './chatApi';

const SCORES = [1, 2, 3, 4, 5];

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  send: { alignSelf: 'flex-start' },
});

export function Survey({ api, onRated }: { api: ChatApi; onRated: () => void }) {
  const styles = useStyles();
  const { t } = useTranslation('chat');
  const [score, setScore] = useState<number | null>(null);
  const [comment, setComment] = useState('');
  const rate = useAction(
    useCallback(
      async (signal: AbortSignal) => {
        if (score !== null) {
          await retry(() => api.rate(score, printable(comment).trim() || null), { signal });
          onRated();
        }
      },
      [api, score, comment, onRated],
    ),
  );

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    rate.run();
  };

  return (
    <form className={styles.form} onSubmit={submit} aria-label={t('survey.heading')} data-testid="survey">
      <Field label={t('survey.score')}>
        <RadioGroup
          layout="horizontal-stacked"
          value={score === null ? '' : String(score)}
          onChange={(_, data) => setScore(Number(data.value))}
        >
          {SCORES.map((value) => (
            <Radio key={value} value={String(value)} label={String(value)} data-testid={`survey-score-${value}`} />
          ))}
        </RadioGroup>
      </Field>
      <Field label={t('survey.comment')}>
        <Textarea
          value={comment}
          onChange={(_, data) => setComment(data.value)}
          maxLength={TEXT_CHARS_MAX}
          data-testid="survey-comment"
        />
      </Field>
      <Button
        type="submit"
        className={styles.send}
        disabledFocusable={score === null || rate.isBusy}
        data-testid="survey-send"
      >
        {t('survey.send')}
      </Button>
      {rate.error !== null && <div role="alert">{t('actionFailed')}</div>}
    </form>
  );
}
