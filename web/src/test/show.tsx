import { FluentProvider, webLightTheme } from '@fluentui/react-components';
import { render } from '@testing-library/react';
import i18next from 'i18next';
import type { ReactNode } from 'react';
import { agentEn } from '../agent/texts.en';
import { chatEn } from '../chat/texts.en';
import { homeEn } from '../home/texts';
import { setUpTexts } from '../i18n/setup';
import { supervisorEn } from '../supervisor/texts.en';

setUpTexts('home', { en: homeEn, 'pt-BR': homeEn });
i18next.addResourceBundle('en', 'chat', chatEn);
i18next.addResourceBundle('en', 'agent', agentEn);
i18next.addResourceBundle('en', 'supervisor', supervisorEn);

/** Renders as the pages do, in English. */
export function show(content: ReactNode) {
  return render(<FluentProvider theme={webLightTheme}>{content}</FluentProvider>);
}
