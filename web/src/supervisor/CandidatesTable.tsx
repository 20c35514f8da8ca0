import { makeStyles, tokens } from '@fluentui/react-components';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Candidate } from '../api/types';
import { DataTable } from './DataTable';

const useStyles = makeStyles({
  summary: { cursor: 'pointer', color: tokens.colorBrandForeground1, paddingBlock: tokens.spacingVerticalXS },
  content: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  able: { fontWeight: tokens.fontWeightSemibold },
});

interface CandidatesTableProps {
  candidates: readonly Candidate[];
  /** Said beneath the table. */
  children?: ReactNode;
}

/** Every agent and why they could take the work or not, for those who open it. */
export function CandidatesTable({ candidates, children }: CandidatesTableProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const id = useId();
  return (
    <details data-testid="candidates">
      <summary id={id} className={styles.summary}>
        {t('explain.candidates', { count: candidates.length })}
      </summary>
      <div className={styles.content}>
        <DataTable
          labelledBy={id}
          testId="candidates-table"
          empty={t('agents.none')}
          rows={candidates}
          keyOf={({ agentId }) => agentId}
          columns={[
            { key: 'agent', label: t('explain.agent'), cell: ({ name }) => name },
            {
              key: 'place',
              label: t('explain.place'),
              cell: ({ place }) =>
                place === null ? (
                  t('explain.unable')
                ) : (
                  <span className={styles.able}>{t('explain.able', { place })}</span>
                ),
            },
            { key: 'why', label: t('explain.why'), cell: ({ text }) => text },
          ]}
        />
        {children}
      </div>
    </details>
  );
}
