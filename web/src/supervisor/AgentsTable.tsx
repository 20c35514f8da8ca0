import { Button, Caption1, makeStyles, tokens } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SupervisedAgent, SupervisedConversation } from '../api/types';
import { formatMoment } from '../lib/text';
import { Presence } from '../ui/Presence';
import { DataTable } from './DataTable';
import { PresenceDialog } from './PresenceDialog';
import { Section } from './Section';

const useStyles = makeStyles({
  presence: { display: 'inline-flex', alignItems: 'center', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS },
});

interface AgentsTableProps {
  agents: readonly SupervisedAgent[];
  /** Those on the page; they name who an agent talks with. */
  conversations: readonly SupervisedConversation[];
  /** When the figures were made. */
  at: string;
}

/** Of an agent who never signed in the server can only say that they are offline now. */
const NEVER_MS = 1_000;

export function AgentsTable({ agents, conversations, at }: AgentsTableProps) {
  const { t, i18n } = useTranslation('supervisor');
  const [openId, setOpenId] = useState<string | null>(null);
  const close = useCallback(() => setOpenId(null), []);
  const open = agents.find((agent) => agent.id === openId);
  const names = new Map(conversations.map(({ id, customerName }) => [id, customerName]));
  return (
    <Section heading={t('agents.heading')}>
      {(headingId) => (
        <>
          <DataTable
            labelledBy={headingId}
            testId="agents"
            empty={t('agents.none')}
            rows={agents}
            keyOf={(agent) => agent.id}
            columns={[
              { key: 'name', label: t('agents.name'), cell: (agent) => agent.name },
              { key: 'presence', label: t('agents.presence'), cell: (agent) => <PresenceCell agent={agent} /> },
              {
                key: 'since',
                label: t('agents.since'),
                cell: (agent) => (wasNeverThere(agent, at) ? '–' : formatMoment(agent.presence.since, i18n.language)),
              },
              {
                key: 'load',
                label: t('agents.load'),
                cell: ({ capacity }) => `${capacity.used}/${capacity.total}`,
              },
              { key: 'held', label: t('agents.held'), cell: (agent) => heldText(agent, names, t) },
              {
                key: 'actions',
                label: t('agents.actions'),
                cell: (agent) => (
                  <Button
                    size="small"
                    onClick={() => setOpenId(agent.id)}
                    aria-label={t('agents.setPresenceNamed', { name: agent.name })}
                    data-testid="set-presence"
                  >
                    {t('agents.setPresence')}
                  </Button>
                ),
              },
            ]}
          />
          {open !== undefined && <PresenceDialog agent={open} onClose={close} />}
        </>
      )}
    </Section>
  );
}

function wasNeverThere({ presence }: SupervisedAgent, at: string): boolean {
  return presence.effective === 'offline' && Date.parse(at) - Date.parse(presence.since) < NEVER_MS;
}

function heldText(
  agent: SupervisedAgent,
  names: ReadonlyMap<string, string | null>,
  t: TFunction<'supervisor'>,
): string {
  const held = agent.items.map((item) => {
    const name = names.get(item.conversationId) ?? t('conversations.anonymous');
    return `${name} (${t(`status.${item.state}`)})`;
  });
  return held.length === 0 ? t('agents.nothing') : held.join(', ');
}

const REASONS = ['connection-lost', 'missed-offer', 'declined-offer', 'at-capacity', 'finishing-work', 'load'] as const;

function PresenceCell({ agent }: { agent: SupervisedAgent }) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const { effective, reason } = agent.presence;
  const known = REASONS.find((name) => name === reason);
  return (
    <span className={styles.presence} data-testid="effective-presence" data-presence={effective}>
      <Presence presence={effective} />
      {t(`presence.${effective}`)}
      {known !== undefined && <Caption1>({t(`reason.${known}`)})</Caption1>}
    </span>
  );
}
