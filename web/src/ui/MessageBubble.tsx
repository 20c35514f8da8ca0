import { Caption1, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../lib/text';

/** One entry of a transcript as it is shown, whoever keeps it. */
export interface Bubble {
  key: string;
  senderName: string;
  kind: 'own' | 'other' | 'system' | 'note';
  text: string;
  at: string;
  /** How sending it stands, if that is worth telling. */
  remark: string | null;
  isTrouble: boolean;
}

const useStyles = makeStyles({
  entry: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    maxWidth: '85%',
    alignSelf: 'flex-start',
  },
  ownEntry: { alignSelf: 'flex-end', alignItems: 'flex-end' },
  systemEntry: { alignSelf: 'center', alignItems: 'center' },
  meta: { color: tokens.colorNeutralForeground2, padding: `0 ${tokens.spacingHorizontalXS}` },
  trouble: { color: tokens.colorStatusDangerForeground1 },
  text: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
  own: {
    backgroundColor: tokens.colorBrandBackground,
    border: `1px solid ${tokens.colorBrandBackground}`,
    color: tokens.colorNeutralForegroundOnBrand,
  },
  system: {
    backgroundColor: 'transparent',
    border: 'none',
    color: tokens.colorNeutralForeground2,
    fontStyle: 'italic',
    textAlign: 'center',
  },
  note: {
    backgroundColor: tokens.colorStatusWarningBackground1,
    border: `1px dashed ${tokens.colorStatusWarningBorder2}`,
    color: tokens.colorNeutralForeground1,
  },
});

export function MessageBubble({ bubble }: { bubble: Bubble }) {
  const styles = useStyles();
  const { i18n } = useTranslation();
  const isOwnSide = bubble.kind === 'own' || bubble.kind === 'note';
  const entry = mergeClasses(
    styles.entry,
    isOwnSide && styles.ownEntry,
    bubble.kind === 'system' && styles.systemEntry,
  );
  return (
    <li className={entry} data-testid="message" data-kind={bubble.kind}>
      <Caption1 className={styles.meta}>
        {bubble.senderName} · <time dateTime={bubble.at}>{formatTime(bubble.at, i18n.language)}</time>
      </Caption1>
      <p className={mergeClasses(styles.text, bubble.kind !== 'other' && styles[bubble.kind])}>{bubble.text}</p>
      {bubble.remark !== null && (
        <Caption1 className={mergeClasses(styles.meta, bubble.isTrouble && styles.trouble)}>{bubble.remark}</Caption1>
      )}
    </li>
  );
}
