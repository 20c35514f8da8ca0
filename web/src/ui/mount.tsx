import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { type PageTexts, setUpTexts } from '../i18n/setup';
import './base.css';
import { Page } from './Page';

/** Starts a page: its wordings first, then what it shows. */
export function mount(name: string, texts: PageTexts, content: ReactNode): void {
  const root = document.getElementById('root');
  if (root === null) {
    throw new Error('The page has no element "root".');
  }
  setUpTexts(name, texts);
  createRoot(root).render(
    <StrictMode>
      <Page>{content}</Page>
    </StrictMode>,
  );
}
