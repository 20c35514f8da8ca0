import { useEffect } from 'react';
import type { AgentApi } from './agentApi';

const INTERVAL_MS = 20_000;

/** Says that the agent is still there. Whether the server can be reached shows at the inbox. */
export function useHeartbeat(api: AgentApi): void {
  useEffect(() => {
    const timer = setInterval(() => {
      api.heartbeat().catch(() => undefined);
    }, INTERVAL_MS);
    return () => clearInterval(timer);
  }, [api]);
}
