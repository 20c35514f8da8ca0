import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedConversation } from '../api/types';
import { formatMoment, formatSeconds } from '../lib/text';
import { AssignDialog } from './AssignDialog';
import { useBoardContext } from './BoardContext';
import { CloseDialog } from './CloseDialog';
import { ConversationActions } from './ConversationActions';
import { DataTable } from './DataTable';
import { ExplainDialog } from './ExplainDialog';
import { StatusBadge } from './StatusBadge';

export type ConversationAction = 'explain' | 'assign' | 'close';

interface ConversationsTableProps {
  headingId: string;
  conversations: readonly SupervisedConversation[];
}

export function ConversationsTable({ headingId, conversations }: ConversationsTableProps) {
  const { t, i18n } = useTranslation('supervisor');
  const { queues } = useBoardContext();
  // Kept as it was when the dialog opened: it may leave the list meanwhile.
  const [open, setOpen] = useState<{ action: ConversationAction; conversation: SupervisedConversation } | null>(null);
  const close = useCallback(() => setOpen(null), []);
  const queueNames = new Map(queues.map(({ id, name }) => [id, name]));
  return (
    <>
      <DataTable
        labelledBy={headingId}
        testId="conversations"
        empty={t('conversations.none')}
        rows={conversations}
        keyOf={({ id }) => id}
        columns={[
          {
            key: 'customer',
            label: t('conversations.customer'),
            cell: ({ customerName }) => customerName ?? t('conversations.anonymous'),
          },
          { key: 'status', label: t('conversations.status'), cell: ({ status }) => <StatusBadge status={status} /> },
          {
            key: 'queue',
            label: t('conversations.queue'),
            cell: ({ queue }) => (queue === null ? '–' : (queueNames.get(queue) ?? queue)),
          },
          {
            key: 'agent',
            label: t('conversations.agent'),
            cell: ({ owner }) => (owner?.kind === 'agent' ? owner.name : '–'),
          },
          {
            key: 'waiting',
            label: t('conversations.waiting'),
            cell: ({ waitingSeconds }) => formatSeconds(waitingSeconds),
          },
          {
            key: 'started',
            label: t('conversations.started'),
            cell: ({ createdAt }) => formatMoment(createdAt, i18n.language),
          },
          {
            key: 'actions',
            label: t('conversations.actions'),
            cell: (conversation) => (
              <ConversationActions
                conversation={conversation}
                onChoose={(action) => setOpen({ action, conversation })}
              />
            ),
          },
        ]}
      />
      {open?.action === 'explain' && <ExplainDialog conversation={open.conversation} onClose={close} />}
      {open?.action === 'assign' && <AssignDialog conversation={open.conversation} onClose={close} />}
      {open?.action === 'close' && <CloseDialog conversation={open.conversation} onClose={close} />}
    </>
  );
}
