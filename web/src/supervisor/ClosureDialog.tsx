import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedQueue } from '../api/types';
import { Modal } from '../ui/Modal';
import { ClosureConfirmation } from './ClosureConfirmation';
import { ClosureForm } from './ClosureForm';

export interface ClosureDraft {
  closedUntil: string;
  message: string;
}

interface ClosureDialogProps {
  queue: SupervisedQueue;
  onClose: () => void;
}

/** An emergency closure in two steps: what it is to be, and whether that is really wanted. */
export function ClosureDialog({ queue, onClose }: ClosureDialogProps) {
  const { t } = useTranslation('supervisor');
  const [draft, setDraft] = useState<ClosureDraft>(queue.closure ?? { closedUntil: inAnHour(), message: '' });
  const [isSure, setIsSure] = useState(false);
  return (
    <Modal title={t('closure.title', { name: queue.name })} onClose={onClose}>
      {isSure ? (
        <ClosureConfirmation queue={queue} draft={draft} onBack={() => setIsSure(false)} onClose={onClose} />
      ) : (
        <ClosureForm
          queue={queue}
          draft={draft}
          onNext={(changed) => {
            setDraft(changed);
            setIsSure(true);
          }}
          onClose={onClose}
        />
      )}
    </Modal>
  );
}

function inAnHour(): string {
  const later = new Date(Date.now() + 3_600_000);
  later.setSeconds(0, 0);
  return later.toISOString();
}
