import { Button, makeStyles } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { retry } from '../lib/retry';
import { useAction } from '../lib/useAction';
import { Modal } from '../ui/Modal';
import { ModalActions } from '../ui/ModalActions';
import type { ChatApi } from './chatApi';

const useStyles = makeStyles({ end: { flexShrink: 0 } });

/** Leaves the chat, after asking. That it is over then shows in what is read. */
export function EndChat({ api }: { api: ChatApi }) {
  const styles = useStyles();
  const { t } = useTranslation('chat');
  const [isAsking, setIsAsking] = useState(false);
  const end = useAction(
    useCallback(
      async (signal: AbortSignal) => {
        setIsAsking(false);
        await retry(() => api.end(), { signal });
      },
      [api],
    ),
  );

  return (
    <>
      <Button
        className={styles.end}
        onClick={() => setIsAsking(true)}
        disabledFocusable={end.isBusy}
        data-testid="end-chat"
      >
        {end.isBusy ? t('status.ending') : t('end')}
      </Button>
      {end.error !== null && <div role="alert">{t('actionFailed')}</div>}
      {isAsking && (
        <Modal title={t('endTitle')} onClose={() => setIsAsking(false)}>
          <p>{t('endText')}</p>
          <ModalActions>
            <Button onClick={() => setIsAsking(false)} data-testid="end-chat-keep">
              {t('endKeep')}
            </Button>
            <Button appearance="primary" onClick={end.run} data-testid="end-chat-confirm">
              {t('endConfirm')}
            </Button>
          </ModalActions>
        </Modal>
      )}
    </>
  );
}
