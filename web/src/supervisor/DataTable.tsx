import { makeStyles, tokens } from '@fluentui/react-components';
import type { ReactNode } from 'react';
import { visuallyHidden } from '../ui/visuallyHidden';

export const NARROW = '@media (max-width: 759px)';

const useStyles = makeStyles({
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    textAlign: 'left',
    backgroundColor: tokens.colorNeutralBackground1,
    borderRadius: tokens.borderRadiusXLarge,
    boxShadow: tokens.shadow2,
    [NARROW]: { display: 'block', backgroundColor: 'transparent', boxShadow: 'none' },
  },
  head: { [NARROW]: { ...visuallyHidden, display: 'block' } },
  body: { [NARROW]: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM } },
  row: {
    [NARROW]: {
      display: 'flex',
      flexDirection: 'column',
      gap: tokens.spacingVerticalXS,
      padding: tokens.spacingHorizontalM,
      borderRadius: tokens.borderRadiusXLarge,
      backgroundColor: tokens.colorNeutralBackground1,
      boxShadow: tokens.shadow2,
    },
  },
  cell: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    verticalAlign: 'middle',
    fontWeight: tokens.fontWeightRegular,
    overflowWrap: 'anywhere',
    [NARROW]: {
      display: 'flex',
      justifyContent: 'space-between',
      alignItems: 'center',
      gap: tokens.spacingHorizontalM,
      padding: 0,
      borderTop: 'none',
      textAlign: 'right',
    },
  },
  title: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    fontWeight: tokens.fontWeightSemibold,
    [NARROW]: { display: 'block', padding: 0, borderTop: 'none', fontSize: tokens.fontSizeBase400 },
  },
  columnTitle: {
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
    whiteSpace: 'nowrap',
  },
  label: {
    display: 'none',
    [NARROW]: { display: 'inline', flexShrink: 0, color: tokens.colorNeutralForeground2, textAlign: 'left' },
  },
});

export interface Column<Row> {
  key: string;
  label: string;
  cell: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  labelledBy: string;
  columns: readonly [Column<Row>, ...Column<Row>[]];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** Said instead of a table without rows. */
  empty: string;
  testId: string;
}

/**
 * A table whose first column names the row; on narrow screens each row is a card. Its roles are written out because
 * browsers forget them where CSS shows a table's parts as something else.
 */
export function DataTable<Row>({ labelledBy, columns, rows, keyOf, empty, testId }: DataTableProps<Row>) {
  const styles = useStyles();
  const [title, ...others] = columns;
  if (rows.length === 0) {
    return <p data-testid={testId}>{empty}</p>;
  }
  return (
    <table role="table" className={styles.table} aria-labelledby={labelledBy} data-testid={testId}>
      <thead role="rowgroup" className={styles.head}>
        <tr role="row">
          {columns.map(({ key, label }) => (
            <th key={key} role="columnheader" scope="col" className={styles.columnTitle}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" className={styles.body}>
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row" className={styles.row} data-row={keyOf(row)}>
            <th role="rowheader" scope="row" className={styles.title}>
              {title.cell(row)}
            </th>
            {others.map(({ key, label, cell }) => (
              <td key={key} role="cell" className={styles.cell}>
                <span className={styles.label} aria-hidden>
                  {label}
                </span>
                <span>{cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
