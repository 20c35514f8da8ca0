import { Badge, type BadgeProps } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { createApiClient } from '../api/client';

type Health = 'unknown' | 'ready' | 'unavailable';

const COLORS: Record<Health, NonNullable<BadgeProps['color']>> = {
  unknown: 'informative',
  ready: 'success',
  unavailable: 'danger',
};

/** Whether the app can do its work, as it says itself. */
export function HealthBadge() {
  const { t } = useTranslation('home');
  const [health, setHealth] = useState<Health>('unknown');

  useEffect(() => {
    const controller = new AbortController();
    void readHealth(controller.signal).then((answer) => {
      if (!controller.signal.aborted) {
        setHealth(answer);
      }
    });
    return () => controller.abort();
  }, []);

  return (
    <Badge appearance="tint" color={COLORS[health]} role="status" data-testid="health">
      {t(`healthState.${health}`)}
    </Badge>
  );
}

async function readHealth(signal: AbortSignal): Promise<Health> {
  try {
    const { response } = await createApiClient(null).GET('/api/health/ready', { signal });
    return response.ok ? 'ready' : 'unavailable';
  } catch {
    return 'unavailable';
  }
}
