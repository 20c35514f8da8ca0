import { Field, Select } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedConversation } from '../api/types';
import { Modal } from '../ui/Modal';
import { ActionForm } from './ActionForm';
import { useBoardContext } from './BoardContext';

interface AssignDialogProps {
  conversation: SupervisedConversation;
  onClose: () => void;
}

/** Gives a conversation to one of those who are there. */
export function AssignDialog({ conversation, onClose }: AssignDialogProps) {
  const { t } = useTranslation('supervisor');
  const { api, agents } = useBoardContext();
  const [agentId, setAgentId] = useState('');
  const { id, owner, customerName } = conversation;
  const there = agents.filter((agent) => agent.presence.effective !== 'offline' && agent.id !== owner?.id);
  const chosen = there.find((agent) => agent.id === agentId);
  const isOver = chosen !== undefined && chosen.capacity.used >= chosen.capacity.total;
  return (
    <Modal title={t('assign.title', { name: customerName ?? t('conversations.anonymous') })} onClose={onClose}>
      <ActionForm
        submit={t('assign.submit')}
        done="assigned"
        work={useCallback(() => api.assign(id, agentId), [api, id, agentId])}
        isReady={chosen !== undefined}
        onClose={onClose}
      >
        <p>{t('assign.lead')}</p>
        <Field
          label={t('assign.agent')}
          required
          validationState={isOver ? 'warning' : 'none'}
          validationMessage={isOver ? t('assign.over') : null}
        >
          <Select value={agentId} onChange={(_, data) => setAgentId(data.value)} data-testid="assign-agent">
            <option value="">{t('assign.choose')}</option>
            {there.map(({ id: value, name, presence, capacity }) => (
              <option key={value} value={value}>
                {t('assign.option', { name, presence: t(`presence.${presence.effective}`), ...capacity })}
              </option>
            ))}
          </Select>
        </Field>
      </ActionForm>
    </Modal>
  );
}
