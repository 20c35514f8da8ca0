import { Badge, Button } from '@fluentui/react-components';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../api/types';
import { TransferButton } from './TransferButton';
import { useWorkspace } from './WorkspaceContext';
import { useAgentAction } from './useAgentAction';

/** What the conversation's status allows. */
export function ConversationActions({ conversation }: { conversation: Conversation }) {
  const { t } = useTranslation('agent');
  const { api } = useWorkspace();
  const { id, status } = conversation;
  const setAside = useAgentAction(useCallback(() => api.setAside(id), [api, id]));
  const reopen = useAgentAction(useCallback(() => api.reopen(id), [api, id]));
  const end = useAgentAction(useCallback(() => api.end(id), [api, id]));
  const isTransferring = Boolean(conversation.transferId);

  if (status !== 'active' && status !== 'waiting') {
    return null;
  }
  return (
    <>
      {isTransferring && <Badge appearance="tint">{t('conversation.transferring')}</Badge>}
      {status === 'active' && !isTransferring && <TransferButton conversationId={id} />}
      {status === 'active' ? (
        <Button size="small" onClick={setAside.run} disabledFocusable={setAside.isBusy} data-testid="set-aside">
          {t('conversation.setAside')}
        </Button>
      ) : (
        <Button size="small" onClick={reopen.run} disabledFocusable={reopen.isBusy} data-testid="reopen">
          {t('conversation.reopen')}
        </Button>
      )}
      <Button size="small" onClick={end.run} disabledFocusable={end.isBusy} data-testid="end">
        {t('conversation.end')}
      </Button>
    </>
  );
}
