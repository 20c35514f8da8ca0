import { PresenceBadge, type PresenceBadgeStatus } from '@fluentui/react-components';
import type { Presence as PresenceName } from '../api/types';

const BADGES: Record<PresenceName, PresenceBadgeStatus> = {
  available: 'available',
  busy: 'busy',
  doNotDisturb: 'do-not-disturb',
  away: 'away',
  offline: 'offline',
  inactive: 'unknown',
};

/** The mark of a presence; its name always stands beside it. */
export function Presence({ presence }: { presence: PresenceName }) {
  return <PresenceBadge status={BADGES[presence]} size="small" aria-hidden />;
}
