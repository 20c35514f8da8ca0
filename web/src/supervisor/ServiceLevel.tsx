import { Badge, type BadgeProps } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

const GOOD = 0.8;
const LOW = 0.6;

type Grade = 'good' | 'low' | 'bad';
const COLORS: Record<Grade, NonNullable<BadgeProps['color']>> = { good: 'success', low: 'warning', bad: 'danger' };

function gradeOf(level: number): Grade {
  if (level >= GOOD) {
    return 'good';
  }
  return level >= LOW ? 'low' : 'bad';
}

/** The share of answers in time; its colour says nothing that the words beside it do not. */
export function ServiceLevel({ level }: { level: number | null }) {
  const { t, i18n } = useTranslation('supervisor');
  if (level === null) {
    return <span data-testid="service-level">{t('level.none')}</span>;
  }
  const grade = gradeOf(level);
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent' }).format(level);
  return (
    <Badge appearance="tint" color={COLORS[grade]} size="large" data-testid="service-level" data-grade={grade}>
      {percent} · {t(`level.${grade}`)}
    </Badge>
  );
}
