import { useTranslation } from 'react-i18next';
import { useWorkspace } from './WorkspaceContext';

/** Whom a conversation is with, as far as known. */
export function useCustomerName(conversationId: string): string {
  const { t } = useTranslation('agent');
  return useWorkspace().state.customers[conversationId]?.name ?? t('conversation.anonymous');
}
