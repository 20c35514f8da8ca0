import { Caption1, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({
  line: { minHeight: tokens.lineHeightBase200, padding: `0 ${tokens.spacingHorizontalL}` },
});

/** Keeps its line when nobody types, so that the composer does not jump. */
export function TypingIndicator({ name }: { name: string | null }) {
  const styles = useStyles();
  const { t } = useTranslation('common');
  return (
    <div className={styles.line} data-testid="typing">
      {name !== null && <Caption1>{t('typing', { name })}</Caption1>}
    </div>
  );
}
