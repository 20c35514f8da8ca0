import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Waiting } from '../api/types';
import { formatDuration, formatSeconds } from '../lib/text';
import { useNow } from '../lib/useNow';
import { useBoardContext } from './BoardContext';
import { CandidatesTable } from './CandidatesTable';
import { ExplainSection } from './ExplainSection';
import { formatInstant } from './formatInstant';

const useStyles = makeStyles({
  why: { ...typographyStyles.body1Strong, margin: 0 },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(120px, 1fr))',
    gap: tokens.spacingHorizontalM,
    margin: 0,
  },
  name: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  value: { ...typographyStyles.body1Strong, margin: 0 },
  list: { margin: 0, paddingInlineStart: tokens.spacingHorizontalXL },
  lead: { margin: 0 },
});

/** Work that waits now: why, for how long yet, and what would change that. */
export function WaitingExplained({ waiting }: { waiting: Waiting }) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('supervisor');
  const { queues } = useBoardContext();
  const waitedMs = useNow() - Date.parse(waiting.since);
  const { position, estimatedWaitSeconds, tallies, next, candidates } = waiting;
  // Not all candidates are told of, but all are counted.
  const able = candidates.filter(({ place }) => place !== null).length;
  const unable = tallies.reduce((sum, { count }) => sum + count, 0);
  const facts: [string, string][] = [
    [t('explain.queue'), queues.find(({ id }) => id === waiting.queue)?.name ?? waiting.queue],
    [t('explain.position'), String(position)],
    [t('explain.waited'), formatDuration(waitedMs)],
    [
      t('explain.estimate'),
      estimatedWaitSeconds === null ? t('explain.noEstimate') : formatSeconds(estimatedWaitSeconds),
    ],
  ];
  return (
    <ExplainSection heading={t('explain.waiting')} testId="explain-waiting">
      <p className={styles.why}>{waiting.text}</p>
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className={styles.name}>{name}</dt>
            <dd className={styles.value}>{value}</dd>
          </div>
        ))}
      </dl>
      {tallies.length > 0 && (
        <>
          <p className={styles.lead}>{t('explain.tallies', { count: able + unable })}</p>
          <ul className={styles.list} data-testid="explain-tallies">
            {tallies.map(({ fails, text }) => (
              <li key={fails}>{text}</li>
            ))}
          </ul>
        </>
      )}
      {next.length > 0 && (
        <>
          <p className={styles.lead}>{t('explain.next')}</p>
          <ul className={styles.list} data-testid="explain-next">
            {next.map(({ at, text }) => (
              <li key={`${at} ${text}`}>{t('explain.nextAt', { time: formatInstant(at, i18n.language), text })}</li>
            ))}
          </ul>
        </>
      )}
      <CandidatesTable candidates={candidates} />
    </ExplainSection>
  );
}
