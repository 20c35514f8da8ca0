import { Badge, Button, Caption1, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import { useCallback, useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Offer } from '../api/types';
import { formatDuration } from '../lib/text';
import { useNow } from '../lib/useNow';
import { Countdown } from './Countdown';
import { useWorkspace } from './WorkspaceContext';
import { useAgentAction } from './useAgentAction';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusXLarge,
    border: `2px solid ${tokens.colorBrandStroke1}`,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow8,
  },
  line: { display: 'flex', alignItems: 'center', justifyContent: 'space-between', gap: tokens.spacingHorizontalS },
  message: { overflowWrap: 'anywhere' },
  facts: { color: tokens.colorNeutralForeground2 },
  actions: { display: 'flex', gap: tokens.spacingHorizontalS, '& > *': { flexGrow: 1 } },
});

export function OfferCard({ offer }: { offer: Offer }) {
  const styles = useStyles();
  const titleId = useId();
  const { t } = useTranslation('agent');
  const { api, open } = useWorkspace();
  const nowMs = useNow();
  const { offerId, conversationId, summary } = offer;

  const accept = useAgentAction(
    useCallback(async () => {
      await api.accept(offerId);
      open(conversationId);
    }, [api, open, offerId, conversationId]),
  );
  const decline = useAgentAction(useCallback(() => api.decline(offerId), [api, offerId]));

  const totalMs = Date.parse(offer.expiresAt) - Date.parse(offer.createdAt);
  const remainingMs = Math.min(totalMs, Date.parse(offer.expiresAt) - nowMs);
  const isBlocked = accept.isBusy || decline.isBusy || remainingMs <= 0;
  const facts = [
    offer.queue.name,
    summary.topic,
    t('offers.waiting', { duration: formatDuration(nowMs - Date.parse(summary.waitingSince)) }),
  ];

  return (
    <li className={styles.card} aria-labelledby={titleId} data-testid="offer">
      <div className={styles.line}>
        <Subtitle2 as="h3" id={titleId}>
          {summary.customerName ?? t('conversation.anonymous')}
        </Subtitle2>
        <Badge appearance="tint">{t(`offers.kind.${offer.kind}`)}</Badge>
      </div>
      <Caption1 className={styles.facts}>{facts.filter((fact) => fact !== null).join(' · ')}</Caption1>
      {summary.lastMessage !== null && <p className={styles.message}>{summary.lastMessage}</p>}
      <Countdown remainingMs={remainingMs} totalMs={totalMs} />
      <div className={styles.actions}>
        <Button appearance="primary" onClick={accept.run} disabledFocusable={isBlocked} data-testid="accept">
          {t('offers.accept')}
        </Button>
        <Button onClick={decline.run} disabledFocusable={isBlocked} data-testid="decline">
          {t('offers.decline')}
        </Button>
      </div>
    </li>
  );
}
