import { isString, readStored, writeStored } from '../lib/storage';

export const LANGUAGES = ['en', 'pt-BR'] as const;
export type Language = (typeof LANGUAGES)[number];

const STORAGE_KEY = 'atende.language';
const QUERY_KEY = 'lang';

/** The language of ours that a language tag such as `pt-PT` stands for. */
export function languageOf(tag: string | null | undefined): Language | null {
  const wanted = tag?.toLowerCase().split('-')[0];
  return LANGUAGES.find((language) => language.toLowerCase().split('-')[0] === wanted) ?? null;
}

/** The address says it, else what was chosen before, else the browser. A link's language counts as chosen. */
export function detectLanguage(): Language {
  const linked = languageOf(new URLSearchParams(window.location.search).get(QUERY_KEY));
  if (linked !== null) {
    writeStored(localStorage, STORAGE_KEY, linked);
    return linked;
  }
  const stored = languageOf(readStored(localStorage, STORAGE_KEY, isString));
  return stored ?? navigator.languages.map(languageOf).find((language) => language !== null) ?? 'en';
}

/** Remembers the choice; the address must not contradict it at the next reload. */
export function rememberLanguage(language: Language): void {
  writeStored(localStorage, STORAGE_KEY, language);
  const address = new URL(window.location.href);
  if (address.searchParams.has(QUERY_KEY)) {
    address.searchParams.set(QUERY_KEY, language);
    window.history.replaceState(window.history.state, '', address);
  }
}
