import { Body1, makeStyles, tokens } from '@fluentui/react-components';

const useStyles = makeStyles({
  hint: {
    padding: tokens.spacingHorizontalL,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground2,
  },
});

/** Stands where the composer would. */
export function FootHint({ text }: { text: string }) {
  const styles = useStyles();
  return (
    <div className={styles.hint}>
      <Body1>{text}</Body1>
    </div>
  );
}
