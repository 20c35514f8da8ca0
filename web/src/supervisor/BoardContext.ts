import { createContext, useContext } from 'react';
import type { SupervisedAgent, SupervisedQueue } from '../api/types';
import type { supervisorEn } from './texts.en';
import type { SupervisorApi } from './supervisorApi';

export type Done = keyof (typeof supervisorEn)['done'];

interface BoardValue {
  api: SupervisorApi;
  agents: readonly SupervisedAgent[];
  queues: readonly SupervisedQueue[];
  /** Something was done: it is announced, and its effect is read at once. */
  onDone: (what: Done) => void;
}

export const BoardContext = createContext<BoardValue | null>(null);

export function useBoardContext(): BoardValue {
  const value = useContext(BoardContext);
  if (value === null) {
    throw new Error('This component belongs on the board.');
  }
  return value;
}
