import { FluentProvider, makeStyles } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { darkTheme, lightTheme } from './theme';
import { usePrefersDark } from './usePrefersDark';

const useStyles = makeStyles({
  // Not on the provider itself, whose classes the place where menus open is given as well.
  page: { height: '100dvh', display: 'flex', flexDirection: 'column' },
});

/** What every page has: theme and reading direction. */
export function Page({ children }: { children: ReactNode }) {
  const styles = useStyles();
  const { i18n } = useTranslation();
  return (
    <FluentProvider theme={usePrefersDark() ? darkTheme : lightTheme} dir={i18n.dir()}>
      <div className={styles.page}>{children}</div>
    </FluentProvider>
  );
}
