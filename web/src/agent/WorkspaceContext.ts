import { createContext, useContext } from 'react';
import type { NewMessage, OutboxItem } from '../lib/outbox';
import type { AgentApi } from './agentApi';
import type { InboxState } from './inbox/state';
import type { Notice, NoticeText } from './useNotices';

/** What the parts of the workspace share. */
export interface WorkspaceValue {
  api: AgentApi;
  state: InboxState;
  /** The conversations whose customers are typing. */
  typists: ReadonlyMap<string, unknown>;
  outbox: { items: readonly OutboxItem[]; add: (message: NewMessage) => void };
  notify: (text: NoticeText, intent?: Notice['intent']) => void;
  openId: string | null;
  open: (conversationId: string | null) => void;
}

export const WorkspaceContext = createContext<WorkspaceValue | null>(null);

export function useWorkspace(): WorkspaceValue {
  const value = useContext(WorkspaceContext);
  if (value === null) {
    throw new Error('useWorkspace belongs inside the workspace.');
  }
  return value;
}
