import { Badge, type BadgeProps } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Status } from '../api/types';

const COLORS: Partial<Record<Status, BadgeProps['color']>> = {
  queued: 'danger',
  offered: 'warning',
  active: 'success',
};

export function StatusBadge({ status }: { status: Status }) {
  const { t } = useTranslation('supervisor');
  return (
    <Badge appearance="tint" color={COLORS[status] ?? 'informative'} data-testid="status" data-status={status}>
      {t(`status.${status}`)}
    </Badge>
  );
}
