import { Button, Spinner, Text, makeStyles, tokens } from '@fluentui/react-components';
import { SignOutRegular } from '@fluentui/react-icons';
import { useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDocumentTitle } from '../lib/useDocumentTitle';
import type { StaffSession } from '../staff/useStaffSession';
import { ConnectionBar } from '../ui/ConnectionBar';
import { Header } from '../ui/Header';
import { visuallyHidden } from '../ui/visuallyHidden';
import { AgentsTable } from './AgentsTable';
import { BoardContext, type Done } from './BoardContext';
import { Conversations } from './Conversations';
import { Freshness } from './Freshness';
import { QueuesTable } from './QueuesTable';
import { Today } from './Today';
import { type Filter, createSupervisorApi } from './supervisorApi';
import { useBoard } from './useBoard';

const FIRST_FILTER: Filter = { status: 'open', queue: '', agent: '', limit: 50 };

const useStyles = makeStyles({
  heading: visuallyHidden,
  user: { fontWeight: tokens.fontWeightSemibold },
  done: visuallyHidden,
  main: {
    flexGrow: 1,
    minHeight: 0,
    overflowY: 'auto',
    // What is positioned inside (the hidden labels of tables) must not make the document longer than the window.
    position: 'relative',
    boxSizing: 'border-box',
    width: '100%',
    padding: tokens.spacingHorizontalL,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXXL,
    '& > *': { width: '100%', maxWidth: '1320px', marginInline: 'auto', flexShrink: 0 },
  },
});

interface BoardProps {
  session: StaffSession;
  onSignOut: () => void;
  onGivenUp: (error: unknown) => void;
}

/** What a supervisor sees: everything live, with what can be done about it beside it. */
export function Board({ session, onSignOut, onGivenUp }: BoardProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const api = useMemo(() => createSupervisorApi(session.token), [session.token]);
  const [filter, setFilter] = useState(FIRST_FILTER);
  const [done, setDone] = useState<Done | null>(null);
  const { data, isConnected, refresh } = useBoard(api, filter, onGivenUp);
  useDocumentTitle(t('title'));

  const onDone = useCallback(
    (what: Done) => {
      setDone(what);
      refresh();
    },
    [refresh],
  );
  const value = useMemo(
    () => ({ api, agents: data?.agents ?? [], queues: data?.queues ?? [], onDone }),
    [api, data?.agents, data?.queues, onDone],
  );

  return (
    <BoardContext value={value}>
      <Header>
        <h1 className={styles.heading}>{t('heading')}</h1>
        <Text className={styles.user}>{session.user}</Text>
        <Button
          appearance="subtle"
          icon={<SignOutRegular />}
          aria-label={t('signOut')}
          onClick={onSignOut}
          data-testid="sign-out"
        />
      </Header>
      <ConnectionBar isConnected={isConnected} />
      <div role="status" className={styles.done} data-testid="done">
        {done !== null && t(`done.${done}`)}
      </div>
      {/* Scrolls by itself, so it must be reachable for the keyboard. */}
      <main className={styles.main} tabIndex={0} aria-label={t('heading')}>
        {data === null ? (
          <Spinner label={t('loading')} />
        ) : (
          <>
            <Today
              overview={data.overview}
              freshness={<Freshness readAtMs={data.readAtMs} isConnected={isConnected} />}
            />
            <QueuesTable queues={data.queues} />
            <AgentsTable agents={data.agents} conversations={data.conversations} at={data.overview.at} />
            <Conversations
              conversations={data.conversations}
              hasMore={data.hasMore}
              filter={filter}
              onFilter={setFilter}
            />
          </>
        )}
      </main>
    </BoardContext>
  );
}
