import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerClock } from './serverClock';

const SERVER = 'Sun, 01 Mar 2026 12:00:00 GMT';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('ServerClock', () => {
  it('tells the own time until it has heard of the server', () => {
    vi.setSystemTime('2026-03-01T11:00:00Z');
    const clock = new ServerClock();
    clock.observe(null);
    clock.observe('no date');
    expect(clock.nowMs()).toBe(Date.now());
  });

  it.each(['2026-03-01T11:50:00Z', '2026-03-01T12:10:00Z'])('corrects a clock that says %s', (own) => {
    vi.setSystemTime(own);
    const clock = new ServerClock();
    clock.observe(SERVER);
    expect(new Date(clock.nowMs()).toISOString()).toBe('2026-03-01T12:00:00.000Z');
  });

  it('goes by the answer that was least late', () => {
    vi.setSystemTime('2026-03-01T12:00:00.100Z');
    const clock = new ServerClock();
    clock.observe(SERVER);
    vi.setSystemTime('2026-03-01T12:00:07Z');
    clock.observe(SERVER);
    expect(new Date(clock.nowMs()).toISOString()).toBe('2026-03-01T12:00:06.900Z');
  });
});
