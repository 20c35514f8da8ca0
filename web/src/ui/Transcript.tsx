import { makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { type Bubble, MessageBubble } from './MessageBubble';
import { useStickToEnd } from './useStickToEnd';

const useStyles = makeStyles({
  transcript: {
    flexGrow: 1,
    minHeight: 0,
    overflowY: 'auto',
    backgroundColor: tokens.colorNeutralBackground2,
    padding: tokens.spacingHorizontalL,
  },
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
  },
});

/** The messages so far. A log region: what is added is read out. It takes the focus so that the keyboard scrolls it. */
export function Transcript({ bubbles }: { bubbles: readonly Bubble[] }) {
  const styles = useStyles();
  const { t } = useTranslation('common');
  const { region, content } = useStickToEnd();
  return (
    <div
      ref={region}
      role="log"
      aria-live="polite"
      aria-label={t('transcript')}
      tabIndex={0}
      className={styles.transcript}
      data-testid="transcript"
    >
      <ol ref={content} className={styles.list}>
        {bubbles.map((bubble) => (
          <MessageBubble key={bubble.key} bubble={bubble} />
        ))}
      </ol>
    </div>
  );
}
