import { describe, expect, it } from 'vitest';
import { formatDuration, printable } from './text';

describe('formatDuration', () => {
  it.each([
    [-1, '0:00'],
    [65_000, '1:05'],
    [3_723_000, '1:02:03'],
  ])('%d ms is %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe('printable', () => {
  it('drops control characters, but no tabs and line ends', () => {
    expect(printable('a\u0000b\u000bc\td\ne')).toBe('abc\td\ne');
  });
});
