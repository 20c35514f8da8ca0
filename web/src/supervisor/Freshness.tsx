import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { useNow } from '../lib/useNow';

/** Several rounds have failed, or take too long. */
const STALE_MS = 10_000;

const useStyles = makeStyles({
  fresh: { color: tokens.colorNeutralForeground2 },
  stale: { color: tokens.colorStatusDangerForeground1, fontWeight: tokens.fontWeightSemibold },
});

interface FreshnessProps {
  readAtMs: number; // by the server's clock
  isConnected: boolean;
}

/** As of when the figures are. Not read out: it changes all the time, and a lost connection is. */
export function Freshness({ readAtMs, isConnected }: FreshnessProps) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('supervisor');
  const isFresh = useNow() - readAtMs < STALE_MS && isConnected;
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' }).format(readAtMs);
  return (
    <Caption1 className={isFresh ? styles.fresh : styles.stale} data-testid="freshness" data-fresh={isFresh}>
      {t(isFresh ? 'fresh' : 'stale', { time })}
    </Caption1>
  );
}
