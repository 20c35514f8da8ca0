import { Caption1, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../api/types';
import { formatSeconds } from '../lib/text';
import { Section } from './Section';
import { ServiceLevel } from './ServiceLevel';

const useStyles = makeStyles({
  figures: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(130px, 1fr))',
    gap: tokens.spacingHorizontalM,
    margin: 0,
  },
  figure: {
    display: 'flex',
    flexDirection: 'column-reverse',
    justifyContent: 'flex-end',
    gap: tokens.spacingVerticalXS,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow2,
  },
  name: { color: tokens.colorNeutralForeground2 },
  value: { ...typographyStyles.subtitle1, margin: 0 },
});

/** The contact centre at a glance. */
export function Today({ overview, freshness }: { overview: Overview; freshness: ReactNode }) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const { today, capacity } = overview;
  const agents = overview.agents.reduce((sum, { count }) => sum + count, 0);
  const offline = overview.agents.find(({ presence }) => presence === 'offline')?.count ?? 0;
  const figures: [string, ReactNode][] = [
    [t('today.open'), overview.open.reduce((sum, { count }) => sum + count, 0)],
    [t('today.agents'), t('today.agentsOf', { count: agents - offline, total: agents })],
    [t('today.capacity'), t('today.capacityOf', capacity)],
    [t('today.offered'), today.offered],
    [t('today.answered'), today.answered],
    [t('today.abandoned'), today.abandoned],
    [t('today.serviceLevel'), <ServiceLevel key="level" level={today.serviceLevel} />],
    [t('today.averageAnswer'), formatSeconds(today.averageAnswerSeconds)],
  ];
  return (
    <Section heading={t('today.heading')} aside={freshness}>
      {() => (
        <>
          <dl className={styles.figures} data-testid="today">
            {figures.map(([name, value]) => (
              <div key={name} className={styles.figure}>
                <dt className={styles.name}>{name}</dt>
                <dd className={styles.value}>{value}</dd>
              </div>
            ))}
          </dl>
          <Caption1>{t('today.day', { day: overview.day })}</Caption1>
        </>
      )}
    </Section>
  );
}
