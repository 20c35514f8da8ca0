import { Title1, Title3, makeStyles, tokens } from '@fluentui/react-components';
import { ChatRegular, CodeRegular, DataUsageRegular, HeadsetRegular, HeartPulseRegular } from '@fluentui/react-icons';
import { useTranslation } from 'react-i18next';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import { Header } from '../ui/Header';
import { HealthBadge } from './HealthBadge';
import { PlaceCard } from './PlaceCard';
import { SampleUsers } from './SampleUsers';

const useStyles = makeStyles({
  main: {
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '960px',
    margin: '0 auto',
    padding: `${tokens.spacingVerticalXXXL} ${tokens.spacingHorizontalL}`,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
  },
  lead: { maxWidth: '65ch', fontSize: tokens.fontSizeBase400, lineHeight: tokens.lineHeightBase500 },
  places: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 200px), 1fr))',
    gap: tokens.spacingHorizontalL,
  },
  section: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalM,
    marginTop: tokens.spacingVerticalL,
  },
});

export function HomePage() {
  const styles = useStyles();
  const { t } = useTranslation('home');
  useDocumentTitle(t('title'));
  return (
    <>
      <Header />
      <main className={styles.main}>
        <Title1 as="h1">{t('heading')}</Title1>
        <p className={styles.lead}>{t('lead')}</p>
        <section className={styles.section} aria-labelledby="places">
          <Title3 as="h2" id="places">
            {t('places')}
          </Title3>
          <div className={styles.places}>
            <PlaceCard place="chat" href="/chat/" icon={<ChatRegular />} />
            <PlaceCard place="agent" href="/agent/" icon={<HeadsetRegular />} />
            <PlaceCard place="supervisor" href="/supervisor/" icon={<DataUsageRegular />} />
            <PlaceCard place="api" href="/api/openapi.json" icon={<CodeRegular />} />
            <PlaceCard place="health" href="/api/health/ready" icon={<HeartPulseRegular />}>
              <HealthBadge />
            </PlaceCard>
          </div>
        </section>
        <section className={styles.section} aria-labelledby="users">
          <Title3 as="h2" id="users">
            {t('users')}
          </Title3>
          <SampleUsers />
        </section>
      </main>
    </>
  );
}
