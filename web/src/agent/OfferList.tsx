import { Body1, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { visuallyHidden } from '../ui/visuallyHidden';
import { OfferCard } from './OfferCard';
import { useWorkspace } from './WorkspaceContext';
import { offersByExpiry } from './inbox/select';
import { useListStyles } from './listStyles';
import { penaltyOf } from './penalty';

const useStyles = makeStyles({
  announcement: visuallyHidden,
  hint: { color: tokens.colorNeutralForeground2 },
});

/** Work to take or leave. Its count is read out: an offer comes while the agent is elsewhere. */
export function OfferList() {
  const styles = useStyles();
  const list = useListStyles();
  const { t } = useTranslation('agent');
  const { state } = useWorkspace();
  const offers = offersByExpiry(state);
  return (
    <section className={list.section} aria-labelledby="offers" data-testid="offers">
      <Subtitle2 as="h2" id="offers">
        {t('offers.heading')}
      </Subtitle2>
      <div role="status" className={styles.announcement}>
        {t('offers.count', { count: offers.length })}
      </div>
      {offers.length === 0 && <EmptyHint />}
      <ul className={list.list}>
        {offers.map((offer) => (
          <OfferCard key={offer.offerId} offer={offer} />
        ))}
      </ul>
    </section>
  );
}

/** Why there is nothing, if the agent can do something about it. */
function EmptyHint() {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const presence = useWorkspace().state.agent?.presence;
  const penalty = presence === undefined ? null : penaltyOf(presence);
  const isOffline = presence?.effective === 'offline';
  const usual = t(isOffline ? 'offers.offlineHint' : 'offers.none');
  return <Body1 className={styles.hint}>{penalty === null ? usual : t(`presence.penalty.${penalty}`)}</Body1>;
}
