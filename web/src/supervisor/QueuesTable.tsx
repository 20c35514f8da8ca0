import { Badge, Button } from '@fluentui/react-components';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedQueue } from '../api/types';
import { formatMoment, formatSeconds } from '../lib/text';
import { ClosureDialog } from './ClosureDialog';
import { DataTable } from './DataTable';
import { Section } from './Section';
import { ServiceLevel } from './ServiceLevel';

export function QueuesTable({ queues }: { queues: readonly SupervisedQueue[] }) {
  const { t, i18n } = useTranslation('supervisor');
  const [openId, setOpenId] = useState<string | null>(null);
  const close = useCallback(() => setOpenId(null), []);
  const open = queues.find((queue) => queue.id === openId);
  return (
    <Section heading={t('queues.heading')}>
      {(headingId) => (
        <>
          <DataTable
            labelledBy={headingId}
            testId="queues"
            empty={t('queues.none')}
            rows={queues}
            keyOf={(queue) => queue.id}
            columns={[
              { key: 'name', label: t('queues.name'), cell: (queue) => queue.name },
              { key: 'waiting', label: t('queues.waiting'), cell: (queue) => <Waiting queue={queue} /> },
              {
                key: 'longest',
                label: t('queues.longest'),
                cell: (queue) => (queue.longestWaitSeconds > 0 ? formatSeconds(queue.longestWaitSeconds) : '–'),
              },
              {
                key: 'level',
                label: t('queues.level'),
                cell: (queue) => <ServiceLevel level={queue.today.serviceLevel} />,
              },
              {
                key: 'answer',
                label: t('queues.answer'),
                cell: (queue) => formatSeconds(queue.today.averageAnswerSeconds),
              },
              { key: 'abandoned', label: t('queues.abandoned'), cell: (queue) => queue.today.abandoned },
              {
                key: 'agents',
                label: t('queues.agents'),
                cell: (queue) => t('queues.agentsNow', { available: queue.agentsAvailable, busy: queue.agentsBusy }),
              },
              {
                key: 'actions',
                label: t('queues.actions'),
                cell: (queue) => (
                  <>
                    {queue.closure !== null && (
                      <Badge appearance="filled" color="danger" data-testid="closed-until">
                        {t('queues.closedUntil', { time: formatMoment(queue.closure.closedUntil, i18n.language) })}
                      </Badge>
                    )}{' '}
                    <Button
                      size="small"
                      onClick={() => setOpenId(queue.id)}
                      aria-label={t(queue.closure === null ? 'queues.closeNamed' : 'queues.changeNamed', {
                        name: queue.name,
                      })}
                      data-testid="override"
                    >
                      {t(queue.closure === null ? 'queues.close' : 'queues.change')}
                    </Button>
                  </>
                ),
              },
            ]}
          />
          {open !== undefined && <ClosureDialog queue={open} onClose={close} />}
        </>
      )}
    </Section>
  );
}

function Waiting({ queue }: { queue: SupervisedQueue }) {
  const { t } = useTranslation('supervisor');
  const { waiting, offered } = queue;
  return <>{offered > 0 ? t('queues.waitingAndOffered', { waiting, offered }) : waiting}</>;
}
