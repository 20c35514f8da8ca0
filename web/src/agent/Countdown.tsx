import { Caption1, ProgressBar, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { formatDuration } from '../lib/text';

const URGENT_MS = 10_000;

const useStyles = makeStyles({
  countdown: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalXXS },
});

interface CountdownProps {
  remainingMs: number;
  totalMs: number;
}

/** How long an offer still stands. The seconds are not read out: a timer region is silent unless asked. */
export function Countdown({ remainingMs, totalMs }: CountdownProps) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const isOver = remainingMs <= 0;
  return (
    <div className={styles.countdown} role="timer" data-testid="countdown">
      <Caption1>
        {isOver ? t('offers.expired') : t('offers.remaining', { duration: formatDuration(remainingMs) })}
      </Caption1>
      <ProgressBar
        value={Math.max(0, remainingMs)}
        max={Math.max(totalMs, 1)}
        color={remainingMs < URGENT_MS ? 'error' : 'brand'}
        aria-hidden
      />
    </div>
  );
}
