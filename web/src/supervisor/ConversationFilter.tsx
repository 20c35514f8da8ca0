import { Field, Select, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useBoardContext } from './BoardContext';
import type { Filter } from './supervisorApi';

const STATUSES = ['open', 'new', 'bot', 'queued', 'offered', 'active', 'waiting', 'wrapUp', 'closed'] as const;

const useStyles = makeStyles({
  filter: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 160px), 240px))',
    gap: tokens.spacingHorizontalM,
    '@media (max-width: 759px)': { gridTemplateColumns: '1fr' },
  },
});

interface ConversationFilterProps {
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

export function ConversationFilter({ filter, onFilter }: ConversationFilterProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const { agents, queues } = useBoardContext();
  const chooseStatus = (value: string) =>
    onFilter({ ...filter, status: STATUSES.find((status) => status === value) ?? 'open' });
  return (
    <div className={styles.filter} role="group" aria-label={t('conversations.filter')}>
      <Field label={t('conversations.status')}>
        <Select value={filter.status} onChange={(_, data) => chooseStatus(data.value)} data-testid="filter-status">
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {t(`status.${status}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('conversations.queue')}>
        <Select
          value={filter.queue}
          onChange={(_, data) => onFilter({ ...filter, queue: data.value })}
          data-testid="filter-queue"
        >
          <option value="">{t('conversations.anyQueue')}</option>
          {queues.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('conversations.agent')}>
        <Select
          value={filter.agent}
          onChange={(_, data) => onFilter({ ...filter, agent: data.value })}
          data-testid="filter-agent"
        >
          <option value="">{t('conversations.anyAgent')}</option>
          {agents.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
    </div>
  );
}
