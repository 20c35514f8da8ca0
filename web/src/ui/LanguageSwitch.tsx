import { ToggleButton, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, type Language, rememberLanguage } from '../i18n/language';

/** Each language in its own words, whatever the page speaks. */
const NAMES: Record<Language, { short: string; full: string }> = {
  en: { short: 'EN', full: 'English' },
  'pt-BR': { short: 'PT', full: 'Português' },
};

const useStyles = makeStyles({
  switch: { display: 'flex', gap: tokens.spacingHorizontalXXS },
  button: { minWidth: '36px' },
});

export function LanguageSwitch() {
  const styles = useStyles();
  const { t, i18n } = useTranslation('common');

  const choose = (language: Language) => {
    rememberLanguage(language);
    void i18n.changeLanguage(language);
  };

  return (
    <div role="group" aria-label={t('language')} className={styles.switch}>
      {LANGUAGES.map((language) => (
        <ToggleButton
          key={language}
          size="small"
          appearance="subtle"
          className={styles.button}
          lang={language}
          aria-label={`${NAMES[language].short} – ${NAMES[language].full}`}
          checked={i18n.language === language}
          onClick={() => choose(language)}
          data-testid={`language-${language}`}
        >
          {NAMES[language].short}
        </ToggleButton>
      ))}
    </div>
  );
}
