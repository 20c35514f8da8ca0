import { Button, makeStyles, tokens, typographyStyles } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Survey } from './Survey';
import type { ChatApi } from './chatApi';

const useStyles = makeStyles({
  ended: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  heading: { ...typographyStyles.subtitle1, outlineStyle: 'none' },
  start: { alignSelf: 'flex-start' },
});

interface ChatEndedProps {
  api: ChatApi;
  canRate: boolean;
  isRated: boolean;
  onRated: () => void;
  onLeave: () => void;
}

/** Takes the composer's place once the chat is over. */
export function ChatEnded({ api, canRate, isRated, onRated, onLeave }: ChatEndedProps) {
  const styles = useStyles();
  const { t } = useTranslation('chat');
  const heading = useRef<HTMLHeadingElement>(null);

  // The composer that may have had the focus is gone.
  useEffect(() => heading.current?.focus(), []);

  return (
    <section className={styles.ended} aria-labelledby="ended">
      <h2 id="ended" ref={heading} tabIndex={-1} className={styles.heading}>
        {t(canRate ? 'status.ended' : 'status.lost')}
      </h2>
      {canRate && !isRated && <Survey api={api} onRated={onRated} />}
      <div role="status">{isRated && t('survey.thanks')}</div>
      <Button appearance="primary" className={styles.start} onClick={onLeave} data-testid="new-chat">
        {t('startNew')}
      </Button>
    </section>
  );
}
