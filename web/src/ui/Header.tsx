import { Link, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import icon from './icon.svg';
import { LanguageSwitch } from './LanguageSwitch';

const useStyles = makeStyles({
  header: {
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    gap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
  },
  brand: {
    display: 'flex',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    fontWeight: tokens.fontWeightSemibold,
    fontSize: tokens.fontSizeBase400,
    color: tokens.colorNeutralForeground1,
  },
  language: { marginLeft: 'auto', order: 1 },
  tools: {
    display: 'flex',
    alignItems: 'center',
    minWidth: 0,
    gap: tokens.spacingHorizontalS,
    marginLeft: 'auto',
    '@media (max-width: 599px)': { order: 2, width: '100%' },
    '@media (min-width: 600px)': { '& + *': { marginLeft: 0 } },
  },
});

/** The bar on top of every page; on narrow screens its tools have a line of their own. */
export function Header({ children }: { children?: ReactNode }) {
  const styles = useStyles();
  const { t } = useTranslation('common');
  return (
    <header className={styles.header}>
      <Link href="/" className={styles.brand} aria-label={t('home')}>
        <img src={icon} alt="" width={24} height={24} />
        {t('product')}
      </Link>
      {children !== undefined && <div className={styles.tools}>{children}</div>}
      <div className={styles.language}>
        <LanguageSwitch />
      </div>
    </header>
  );
}
