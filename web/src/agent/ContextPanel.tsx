import { Body1, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../api/types';
import { formatTime } from '../lib/text';
import { FactTable } from './FactTable';
import { useWorkspace } from './WorkspaceContext';
import { useCustomerName } from './useCustomerName';

const useStyles = makeStyles({
  panel: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

/** Who the customer is, how the conversation came here, and what the bot has learnt. */
export function ContextPanel({ conversation }: { conversation: Conversation }) {
  const styles = useStyles();
  const { t, i18n } = useTranslation('agent');
  const name = useCustomerName(conversation.id);
  const customer = useWorkspace().state.customers[conversation.id];
  const contacts = (customer?.identities ?? [])
    .filter((identity) => identity.kind !== 'webchat')
    .map(({ value, verified }): [string, string] => [
      t('context.contact'),
      verified ? `${value} (${t('context.verified')})` : value,
    ]);
  const facts: [string, string][] = [
    [t('context.customer'), name],
    ...contacts,
    [t('context.language'), languageName(conversation.locale, i18n.language)],
    [t('context.channel'), conversation.channel],
    [t('context.queue'), conversation.queue ?? '–'],
    [t('context.started'), formatTime(conversation.createdAt, i18n.language)],
  ];
  const learnt = Object.entries(conversation.context).map(([key, value]): [string, string] => [
    key.replaceAll('_', ' '),
    wordingOf(value),
  ]);

  return (
    <div className={styles.panel}>
      <Subtitle2 as="h3">{t('context.heading')}</Subtitle2>
      <FactTable facts={facts} label={t('context.heading')} />
      <Subtitle2 as="h3">{t('context.learnt')}</Subtitle2>
      {learnt.length === 0 ? (
        <Body1>{t('context.nothingLearnt')}</Body1>
      ) : (
        <FactTable facts={learnt} label={t('context.learnt')} testId="context" />
      )}
    </div>
  );
}

function languageName(locale: string, language: string): string {
  return new Intl.DisplayNames(language, { type: 'language' }).of(locale) ?? locale;
}

function wordingOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
