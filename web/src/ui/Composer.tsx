import { Button, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { SendRegular } from '@fluentui/react-icons';
import { type KeyboardEvent, type ReactNode, type Ref, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { TEXT_CHARS_MAX, printable } from '../lib/text';

const useStyles = makeStyles({
  composer: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalM}`,
  },
  line: { display: 'flex', alignItems: 'flex-end', gap: tokens.spacingHorizontalS },
  text: { flexGrow: 1 },
  hint: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
});

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  onSend: (text: string) => void;
  label?: string;
  textRef?: Ref<HTMLTextAreaElement>;
  children?: ReactNode;
}

/** Where a message is written. An input method's Enter chooses a word and does not send. */
export function Composer({ draft, onDraft, onSend, label, textRef, children }: ComposerProps) {
  const styles = useStyles();
  const hintId = useId();
  const { t } = useTranslation('common');

  const send = () => {
    const text = printable(draft).trim();
    if (text !== '') {
      onSend(text);
      onDraft('');
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
  };

  return (
    <div className={styles.composer}>
      {children}
      <div className={styles.line}>
        <Textarea
          ref={textRef}
          className={styles.text}
          value={draft}
          onChange={(_, data) => onDraft(data.value)}
          onKeyDown={onKeyDown}
          maxLength={TEXT_CHARS_MAX}
          aria-label={label ?? t('composer.label')}
          placeholder={label ?? t('composer.label')}
          aria-describedby={hintId}
          data-testid="composer"
        />
        <Button appearance="primary" icon={<SendRegular />} onClick={send} data-testid="send">
          {t('composer.send')}
        </Button>
      </div>
      <span id={hintId} className={styles.hint}>
        {t('composer.hint')}
      </span>
    </div>
  );
}
