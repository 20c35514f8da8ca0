import { Link, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';

const USERS = [
  { user: 'alice', role: 'agent' },
  { user: 'bob', role: 'agent' },
  { user: 'sam', role: 'supervisor' },
  { user: 'ada', role: 'admin' },
] as const;

const useStyles = makeStyles({
  frame: { overflowX: 'auto' },
  table: {
    width: '100%',
    borderCollapse: 'collapse',
    textAlign: 'left',
    '& th, & td': {
      padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalM}`,
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
  },
});

export function SampleUsers() {
  const styles = useStyles();
  const { t } = useTranslation('home');
  return (
    <>
      <p>{t('usersText')}</p>
      <div className={styles.frame}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('columns.user')}</th>
              <th scope="col">{t('columns.role')}</th>
              <th scope="col">{t('columns.about')}</th>
            </tr>
          </thead>
          <tbody>
            {USERS.map(({ user, role }) => (
              <tr key={user}>
                <th scope="row">
                  <Link
                    href={`/${role === 'agent' ? 'agent' : 'supervisor'}/?user=${user}`}
                    aria-label={t('signInAs', { user })}
                  >
                    {user}
                  </Link>
                </th>
                <td>{t(`roles.${role}`)}</td>
                <td>{t(`about.${user}`)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
