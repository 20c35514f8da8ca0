import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { common } from './common';
import { detectLanguage } from './language';

/** The wordings of one page in all languages. */
export type PageTexts = Record<'en' | 'pt-BR', object>;

/** Each page brings its own wordings, so that no page loads those of another. */
export function setUpTexts(page: string, texts: PageTexts): void {
  void i18next.use(initReactI18next).init({
    lng: detectLanguage(),
    fallbackLng: 'en',
    resources: {
      en: { common: common.en, [page]: texts.en },
      'pt-BR': { common: common['pt-BR'], [page]: texts['pt-BR'] },
    },
    defaultNS: 'common',
    // React escapes what it shows.
    interpolation: { escapeValue: false },
    // Everything is at hand: the first rendering is already in the right language.
    initAsync: false,
  });
  i18next.on('languageChanged', markLanguage);
  markLanguage(i18next.language);
}

function markLanguage(language: string): void {
  document.documentElement.lang = language;
}
