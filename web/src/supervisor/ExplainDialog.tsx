import { Button, MessageBar, MessageBarBody, Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { hasStatus } from '../api/errors';
import type { Explanation, SupervisedConversation } from '../api/types';
import { Modal } from '../ui/Modal';
import { useBoardContext } from './BoardContext';
import { DecisionList } from './DecisionList';
import { WaitingExplained } from './WaitingExplained';
import { useExplanation } from './useExplanation';

const useStyles = makeStyles({
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXL },
  empty: { margin: 0 },
  // In sight however long the explanation is; it covers what scrolls under it, and the dialog's padding below.
  foot: {
    position: 'sticky',
    bottom: `calc(-1 * ${tokens.spacingHorizontalXXL})`,
    marginBottom: `calc(-1 * ${tokens.spacingHorizontalXXL})`,
    marginInline: `calc(-1 * ${tokens.spacingHorizontalXXL})`,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXXL}`,
    display: 'flex',
    justifyContent: 'flex-end',
    backgroundColor: tokens.colorNeutralBackground1,
  },
});

interface ExplainDialogProps {
  conversation: SupervisedConversation;
  onClose: () => void;
}

/** Why a conversation waits, and why it went where it went; as it is now for as long as the dialog is open. */
export function ExplainDialog({ conversation, onClose }: ExplainDialogProps) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('supervisor');
  const { api } = useBoardContext();
  const { explanation, isConnected, error } = useExplanation(api, conversation.id, i18n.language);
  const name = conversation.customerName ?? t('conversations.anonymous');
  return (
    <Modal title={t('explain.title', { name })} onClose={onClose} isWide>
      <div role="alert" data-testid="explain-error">
        {error !== null ? (
          <MessageBar intent="error">
            <MessageBarBody>{t(hasStatus(error, 404) ? 'errors.notFound' : 'errors.other')}</MessageBarBody>
          </MessageBar>
        ) : (
          !isConnected && (
            <MessageBar intent="warning">
              <MessageBarBody>{t('explain.stale')}</MessageBarBody>
            </MessageBar>
          )
        )}
      </div>
      <div className={styles.content} data-testid="explanation">
        {explanation === null ? (
          error === null && <Spinner label={t('loading')} />
        ) : (
          <Explained explanation={explanation} />
        )}
      </div>
      <div className={styles.foot}>
        <Button appearance="primary" onClick={onClose} data-testid="explain-close">
          {t('explain.close')}
        </Button>
      </div>
    </Modal>
  );
}

function Explained({ explanation: { waiting, decisions } }: { explanation: Explanation }) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  if (waiting === null && decisions.length === 0) {
    return <p className={styles.empty}>{t('explain.none')}</p>;
  }
  return (
    <>
      {waiting !== null && <WaitingExplained waiting={waiting} />}
      {decisions.length > 0 && <DecisionList decisions={decisions} />}
    </>
  );
}
