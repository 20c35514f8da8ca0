import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Decision } from '../api/types';
import { CandidatesTable } from './CandidatesTable';
import { ExplainSection } from './ExplainSection';
import { formatInstant } from './formatInstant';

/** Of a policy's version; enough to tell one from another. */
const VERSION_CHARS = 7;

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  decision: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    paddingBlock: tokens.spacingVerticalM,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  time: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  text: { margin: 0, overflowWrap: 'anywhere' },
  versions: { color: tokens.colorNeutralForeground2 },
});

/** What was decided and what became of it, the newest first. */
export function DecisionList({ decisions }: { decisions: readonly Decision[] }) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  return (
    <ExplainSection heading={t('explain.decisions')} testId="explain-decisions">
      <ol className={styles.list} reversed>
        {decisions.toReversed().map((decision) => (
          <li key={`${decision.at} ${decision.kind} ${decision.workId}`} className={styles.decision}>
            <DecisionEntry decision={decision} />
          </li>
        ))}
      </ol>
    </ExplainSection>
  );
}

function DecisionEntry({ decision }: { decision: Decision }) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('supervisor');
  const { at, text, policyVersion, stateVersion, candidates } = decision;
  return (
    <>
      <time dateTime={at} className={styles.time}>
        {formatInstant(at, i18n.language)}
      </time>
      <p className={styles.text} data-testid="decision" data-kind={decision.kind}>
        {text}
      </p>
      {candidates.length > 0 && (
        <CandidatesTable candidates={candidates}>
          {policyVersion !== null && (
            <Caption1 className={styles.versions}>
              {t('explain.versions', { policy: policyVersion.slice(0, VERSION_CHARS), state: stateVersion ?? '–' })}
            </Caption1>
          )}
        </CandidatesTable>
      )}
    </>
  );
}
