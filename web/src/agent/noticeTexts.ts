import { hasCode, hasStatus } from '../api/errors';
import type { KnownEvent } from './inbox/events';
import type { NoticeText } from './useNotices';

/** What an event is announced with, if the screen does not show it anyway. */
export function announcementOf(event: KnownEvent): NoticeText | null {
  if (event.type !== 'transfer.ended') {
    return null;
  }
  const outcome = outcomeOf(event.data.state, event.data.reason);
  return (t) => t(`transfer.${outcome}`);
}

function outcomeOf(state: string, reason: unknown): 'accepted' | 'declined' | 'expired' | 'failed' {
  if (state === 'accepted') {
    return 'accepted';
  }
  return reason === 'declined' || reason === 'expired' ? reason : 'failed';
}

/** Why something that the agent wanted did not happen. */
export function errorText(error: unknown): NoticeText {
  const reason = reasonOf(error);
  return (t) => t(`errors.${reason}`);
}

function reasonOf(error: unknown): 'offerGone' | 'transferUnsupported' | 'invalidState' | 'notFound' | 'other' {
  if (hasCode(error, 'offer-gone')) {
    return 'offerGone';
  }
  if (hasCode(error, 'transfer-unsupported')) {
    return 'transferUnsupported';
  }
  if (hasStatus(error, 409)) {
    return 'invalidState';
  }
  return hasStatus(error, 404) ? 'notFound' : 'other';
}
