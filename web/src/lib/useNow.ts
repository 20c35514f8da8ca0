import { useEffect, useState } from 'react';
import { serverClock } from './serverClock';

/** The server's time in milliseconds, renewed each second. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(() => serverClock.nowMs());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(serverClock.nowMs()), 1000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
