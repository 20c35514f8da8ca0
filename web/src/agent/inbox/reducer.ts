import type { ConversationView, Inbox } from '../../api/types';
import { addView, apply, fromSnapshot } from './apply';
import type { InboxState } from './state';

export type InboxAction =
  { type: 'inbox'; answer: Inbox } | { type: 'view'; view: ConversationView; snapshotId: string | null };

/** An answer of the inbox brings either events or, also when events were asked for, a snapshot. */
export function inboxReducer(state: InboxState, action: InboxAction): InboxState {
  switch (action.type) {
    case 'inbox':
      return action.answer.events ? action.answer.events.reduce(apply, state) : fromSnapshot(action.answer);
    case 'view':
      return addView(state, action.view, action.snapshotId);
  }
}
