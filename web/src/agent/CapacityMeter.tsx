import { Caption1, ProgressBar, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Agent } from '../api/types';

const useStyles = makeStyles({
  meter: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalXS },
  bar: { width: '48px', '@media (max-width: 599px)': { display: 'none' } },
});

export function CapacityMeter({ capacity }: { capacity: Agent['capacity'] }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { used, total } = capacity;
  return (
    <div className={styles.meter} data-testid="capacity">
      <ProgressBar
        className={styles.bar}
        value={used}
        max={Math.max(total, 1)}
        thickness="large"
        aria-label={t('capacity', { used, total })}
      />
      <Caption1>
        {used}/{total}
      </Caption1>
    </div>
  );
}
