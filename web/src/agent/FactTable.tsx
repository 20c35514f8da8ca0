import { makeStyles, tokens } from '@fluentui/react-components';

const useStyles = makeStyles({
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    textAlign: 'left',
    '& th, & td': {
      padding: `${tokens.spacingVerticalXS} 0`,
      verticalAlign: 'top',
      borderBottom: `1px solid ${tokens.colorNeutralStroke3}`,
    },
  },
  name: {
    width: '40%',
    color: tokens.colorNeutralForeground2,
    fontWeight: tokens.fontWeightRegular,
    paddingRight: '12px !important',
  },
  value: { overflowWrap: 'anywhere' },
});

interface FactTableProps {
  facts: readonly (readonly [name: string, value: string])[];
  label: string;
  testId?: string;
}

/** Names and values. */
export function FactTable({ facts, label, testId }: FactTableProps) {
  const styles = useStyles();
  return (
    <table className={styles.table} aria-label={label} data-testid={testId}>
      <tbody>
        {facts.map(([name, value]) => (
          <tr key={`${name}:${value}`}>
            <th scope="row" className={styles.name}>
              {name}
            </th>
            <td className={styles.value}>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
