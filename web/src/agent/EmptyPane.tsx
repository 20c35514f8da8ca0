import { makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({
  pane: {
    flexGrow: 1,
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    padding: tokens.spacingHorizontalXXL,
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground1,
    textAlign: 'center',
    outlineStyle: 'none',
  },
});

/** Without a conversation. If one has just left the screen, the focus that was in it must not get lost. */
export function EmptyPane({ hasLost }: { hasLost: boolean }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const pane = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (hasLost) {
      pane.current?.focus();
    }
  }, [hasLost]);

  return (
    <div ref={pane} tabIndex={-1} className={styles.pane}>
      {t('conversation.empty')}
    </div>
  );
}
