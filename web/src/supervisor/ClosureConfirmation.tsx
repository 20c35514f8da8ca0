import { Button, Text, makeStyles, tokens } from '@fluentui/react-components';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedQueue } from '../api/types';
import { formatMoment } from '../lib/text';
import { ActionForm } from './ActionForm';
import { useBoardContext } from './BoardContext';
import type { ClosureDraft } from './ClosureDialog';

const useStyles = makeStyles({
  message: {
    margin: 0,
    paddingLeft: tokens.spacingHorizontalM,
    borderLeft: `3px solid ${tokens.colorBrandStroke1}`,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
});

interface ClosureConfirmationProps {
  queue: SupervisedQueue;
  draft: ClosureDraft;
  onBack: () => void;
  onClose: () => void;
}

/** Says once more what is going to happen, and to how many. */
export function ClosureConfirmation({ queue, draft, onBack, onClose }: ClosureConfirmationProps) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('supervisor');
  const { api } = useBoardContext();
  const { id, name } = queue;
  const { closedUntil, message } = draft;
  const time = formatMoment(closedUntil, i18n.language);
  return (
    <ActionForm
      submit={t('closure.submit')}
      done="queueClosed"
      work={useCallback(() => api.closeQueue(id, closedUntil, message), [api, id, closedUntil, message])}
      onClose={onClose}
      others={
        <Button onClick={onBack} data-testid="closure-back">
          {t('closure.back')}
        </Button>
      }
    >
      <Text weight="semibold" data-testid="closure-confirm">
        {t('closure.confirm', { name, time })}
      </Text>
      <p>{t('closure.waiting', { count: queue.waiting + queue.offered })}</p>
      <blockquote className={styles.message}>{message}</blockquote>
    </ActionForm>
  );
}
