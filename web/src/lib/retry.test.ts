import { describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/errors';
import { problem } from '../test/fakeServer';
import { Backoff, retry } from './retry';

const UNAVAILABLE = new ApiError(problem(503, 'unavailable'), null);
const REFUSED = new ApiError(problem(400, 'invalid-request'), null);

describe('Backoff', () => {
  it('grows to a bound and starts over', () => {
    const backoff = new Backoff();
    const pauses = Array.from({ length: 12 }, () => backoff.nextMs(UNAVAILABLE));
    expect(pauses[0]).toBeLessThanOrEqual(400);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(2_500);
    backoff.reset();
    expect(backoff.nextMs(UNAVAILABLE)).toBeLessThanOrEqual(400);
  });

  it('waits as long as the server asks for', () => {
    const asking = new Response(null, { status: 429, headers: { 'Retry-After': '30' } });
    expect(new Backoff().nextMs(new ApiError(asking, null))).toBe(30_000);
  });
});

describe('retry', () => {
  const { signal } = new AbortController();

  it('repeats until it succeeds', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const call = vi.fn().mockRejectedValueOnce(UNAVAILABLE).mockResolvedValueOnce('done');
    await expect(retry(call, { signal })).resolves.toBe('done');
  });

  it('does not repeat what was refused', async () => {
    const call = vi.fn().mockRejectedValue(REFUSED);
    await expect(retry(call, { signal })).rejects.toBe(REFUSED);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it('ends when aborted', async () => {
    const controller = new AbortController();
    const call = () => Promise.reject(UNAVAILABLE);
    const repeating = retry(call, { signal: controller.signal, onFailure: () => controller.abort() });
    await expect(repeating).rejects.toThrow();
  });
});
