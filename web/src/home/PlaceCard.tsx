import { Link, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

const useStyles = makeStyles({
  card: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalS,
    padding: tokens.spacingHorizontalL,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow4,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  title: { display: 'flex', alignItems: 'center', gap: tokens.spacingHorizontalS },
  icon: { display: 'flex', fontSize: '24px', color: tokens.colorBrandForeground1 },
  text: { flexGrow: 1 },
});

interface PlaceCardProps {
  place: 'chat' | 'agent' | 'supervisor' | 'api' | 'health';
  href: string;
  icon: ReactNode;
  children?: ReactNode;
}

/** One thing that can be visited. */
export function PlaceCard({ place, href, icon, children }: PlaceCardProps) {
  const styles = useStyles();
  const { t } = useTranslation('home');
  return (
    <article className={styles.card}>
      <div className={styles.title}>
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
        <Subtitle2 as="h3">{t(`${place}.title`)}</Subtitle2>
        {children}
      </div>
      <p className={styles.text}>{t(`${place}.text`)}</p>
      <Link href={href} data-testid={`open-${place}`}>
        {t(`${place}.open`)}
      </Link>
    </article>
  );
}
