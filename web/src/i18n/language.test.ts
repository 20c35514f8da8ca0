import { afterEach, describe, expect, it, vi } from 'vitest';
import { detectLanguage, languageOf, rememberLanguage } from './language';

function visit(address: string, languages: string[]): void {
  window.history.replaceState(null, '', address);
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages);
}

afterEach(() => {
  window.history.replaceState(null, '', '/');
});

describe('languageOf', () => {
  it.each([
    ['pt', 'pt-BR'],
    ['PT-pt', 'pt-BR'],
    ['en-GB', 'en'],
    ['de', null],
    [null, null],
  ])('%s is %s', (tag, expected) => {
    expect(languageOf(tag)).toBe(expected);
  });
});

describe('detectLanguage', () => {
  it('takes the first language of the browser that there is', () => {
    visit('/', ['de-DE', 'pt-PT', 'en']);
    expect(detectLanguage()).toBe('pt-BR');
  });

  it('prefers what was chosen before', () => {
    visit('/', ['en']);
    rememberLanguage('pt-BR');
    expect(detectLanguage()).toBe('pt-BR');
  });

  it('prefers what the address says, and keeps to it', () => {
    visit('/?lang=en', ['pt-BR']);
    expect(detectLanguage()).toBe('en');
    visit('/', ['pt-BR']);
    expect(detectLanguage()).toBe('en');
  });

  it('falls back to English', () => {
    visit('/?lang=xx', ['de']);
    expect(detectLanguage()).toBe('en');
  });
});

describe('rememberLanguage', () => {
  it('does not leave another language in the address', () => {
    visit('/agent/?user=bob&lang=en', []);
    rememberLanguage('pt-BR');
    expect(window.location.search).toBe('?user=bob&lang=pt-BR');
  });
});
