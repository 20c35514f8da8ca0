import { Field, Input } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Status, SupervisedConversation } from '../api/types';
import { printable } from '../lib/text';
import { Modal } from '../ui/Modal';
import { ActionForm } from './ActionForm';
import { useBoardContext } from './BoardContext';

/** What the API takes at most. */
const REASON_CHARS_MAX = 500;

interface CloseDialogProps {
  conversation: SupervisedConversation;
  onClose: () => void;
}

export function CloseDialog({ conversation, onClose }: CloseDialogProps) {
  const { t } = useTranslation('supervisor');
  const { api } = useBoardContext();
  const [reason, setReason] = useState('');
  const { id, status, customerName } = conversation;
  return (
    <Modal title={t('close.title', { name: customerName ?? t('conversations.anonymous') })} onClose={onClose}>
      <ActionForm
        submit={t('close.submit')}
        done="closed"
        work={useCallback(() => api.close(id, printable(reason).trim() || null), [api, id, reason])}
        onClose={onClose}
      >
        <p>{t(`close.${leadOf(status)}`)}</p>
        <Field label={t('close.reason')}>
          <Input
            value={reason}
            onChange={(_, data) => setReason(data.value)}
            maxLength={REASON_CHARS_MAX}
            data-testid="close-reason"
          />
        </Field>
      </ActionForm>
    </Modal>
  );
}

function leadOf(status: Status): 'lead' | 'leadActive' | 'leadWrapUp' {
  if (status === 'active') {
    return 'leadActive';
  }
  return status === 'wrapUp' ? 'leadWrapUp' : 'lead';
}
