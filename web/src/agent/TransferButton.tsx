import { Button } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Modal } from '../ui/Modal';
import { TransferForm } from './TransferForm';

/** The form is made anew each time the dialog opens: nothing of an abandoned transfer is left. */
export function TransferButton({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation('agent');
  const [isOpen, setIsOpen] = useState(false);
  const close = useCallback(() => setIsOpen(false), []);
  return (
    <>
      <Button size="small" onClick={() => setIsOpen(true)} data-testid="transfer">
        {t('conversation.transfer')}
      </Button>
      {isOpen && (
        <Modal title={t('transfer.title')} onClose={close}>
          <TransferForm conversationId={conversationId} onDone={close} />
        </Modal>
      )}
    </>
  );
}
