import { useEffect } from 'react';
import type { ChatToken } from '../api/types';
import { retry, sleep } from '../lib/retry';
import { serverClock } from '../lib/serverClock';
import type { ChatApi } from './chatApi';

/** Timers hold at most 2^31 - 1 ms. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Renews the token when half of its remaining life is over, which leaves as long again for retries. */
export function useTokenRenewal(api: ChatApi, expiresAt: string, onRenewed: (token: ChatToken) => void): void {
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const renew = async () => {
      const remainingMs = Date.parse(expiresAt) - serverClock.nowMs();
      await sleep(Math.min(Math.max(0, remainingMs / 2), TIMER_MS_MAX), signal);
      signal.throwIfAborted();
      onRenewed(await retry(() => api.renewToken(), { signal }));
    };
    // A token that cannot be renewed shows at the next read.
    renew().catch(() => undefined);
    return () => controller.abort();
  }, [api, expiresAt, onRenewed]);
}
