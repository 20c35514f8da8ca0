import { Button, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Notice } from './useNotices';

/** Long enough to be read; trouble stays until it is dismissed. */
const INFO_MS = 8_000;

interface NoticeBarProps {
  notice: Notice;
  onDismiss: (id: number) => void;
}

export function NoticeBar({ notice, onDismiss }: NoticeBarProps) {
  const { t } = useTranslation('agent');
  const { t: tCommon } = useTranslation('common');
  const { id, intent } = notice;

  useEffect(() => {
    if (intent === 'info') {
      const timer = setTimeout(() => onDismiss(id), INFO_MS);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [id, intent, onDismiss]);

  return (
    <MessageBar intent={intent}>
      <MessageBarBody>{notice.text(t)}</MessageBarBody>
      <MessageBarActions
        containerAction={
          <Button
            appearance="transparent"
            icon={<DismissRegular />}
            aria-label={tCommon('dismiss')}
            onClick={() => onDismiss(id)}
          />
        }
      />
    </MessageBar>
  );
}
