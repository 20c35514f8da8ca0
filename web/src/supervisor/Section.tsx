import { Title3, makeStyles, tokens } from '@fluentui/react-components';
import { type ReactNode, useId } from 'react';

const useStyles = makeStyles({
  section: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
  head: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    justifyContent: 'space-between',
    gap: tokens.spacingHorizontalM,
  },
});

interface SectionProps {
  heading: string;
  aside?: ReactNode;
  /** Is given the id of the heading. */
  children: (headingId: string) => ReactNode;
}

/** A part of the board under a heading. */
export function Section({ heading, aside, children }: SectionProps) {
  const styles = useStyles();
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.head}>
        <Title3 as="h2" id={id}>
          {heading}
        </Title3>
        {aside}
      </div>
      {children(id)}
    </section>
  );
}
