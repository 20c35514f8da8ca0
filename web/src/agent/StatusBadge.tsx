import { Badge, type BadgeProps } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Status } from '../api/types';

const COLORS: Partial<Record<Status, BadgeProps['color']>> = {
  active: 'success',
  waiting: 'informative',
  wrapUp: 'warning',
};

export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation('agent');
  return (
    <Badge
      appearance="tint"
      color={COLORS[status] ?? 'informative'}
      data-testid="conversation-status"
      data-status={status}
    >
      {t(`status.${status}`)}
    </Badge>
  );
}
