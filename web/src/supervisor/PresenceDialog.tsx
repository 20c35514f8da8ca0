import { Field, Select } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChosenPresence, SupervisedAgent } from '../api/types';
import { Modal } from '../ui/Modal';
import { ActionForm } from './ActionForm';
import { useBoardContext } from './BoardContext';

const CHOICES: readonly ChosenPresence[] = ['available', 'busy', 'doNotDisturb', 'away', 'offline'];

interface PresenceDialogProps {
  agent: SupervisedAgent;
  onClose: () => void;
}

export function PresenceDialog({ agent, onClose }: PresenceDialogProps) {
  const { t } = useTranslation('supervisor');
  const { api } = useBoardContext();
  const [presence, setPresence] = useState<ChosenPresence>('offline');
  const { id, name } = agent;
  return (
    <Modal title={t('setPresence.title', { name })} onClose={onClose}>
      <ActionForm
        submit={t('setPresence.submit')}
        done="presence"
        work={useCallback(() => api.setPresence(id, presence), [api, id, presence])}
        onClose={onClose}
      >
        <p>{t('setPresence.lead')}</p>
        <Field label={t('setPresence.presence')} required>
          <Select
            value={presence}
            onChange={(_, data) => setPresence(CHOICES.find((choice) => choice === data.value) ?? 'offline')}
            data-testid="presence-choice"
          >
            {CHOICES.map((choice) => (
              <option key={choice} value={choice}>
                {t(`presence.${choice}`)}
              </option>
            ))}
          </Select>
        </Field>
      </ActionForm>
    </Modal>
  );
}
