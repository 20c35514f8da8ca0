import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useWorkspace } from './WorkspaceContext';
import { ConversationList } from './ConversationList';
import { ConversationPane } from './ConversationPane';
import { EmptyPane } from './EmptyPane';
import { OfferList } from './OfferList';
import { useSeen } from './useSeen';

const NARROW = '@media (max-width: 759px)';

const useStyles = makeStyles({
  columns: { flexGrow: 1, minHeight: 0, display: 'flex' },
  side: {
    boxSizing: 'border-box',
    width: '340px',
    flexShrink: 0,
    overflowY: 'auto',
    padding: tokens.spacingHorizontalL,
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXL,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    [NARROW]: { width: '100%', borderRight: 'none' },
  },
  pane: { flexGrow: 1, minWidth: 0, minHeight: 0, display: 'flex', flexDirection: 'column' },
  hiddenIfNarrow: { [NARROW]: { display: 'none' } },
});

/** The lists beside the open conversation; on narrow screens either of them. */
export function WorkspaceLayout() {
  const styles = useStyles();
  const { state, openId } = useWorkspace();
  const conversation = openId === null ? undefined : state.conversations[openId];
  const seen = useSeen(state, conversation?.id ?? null);
  const isOpen = conversation !== undefined;
  return (
    <main className={styles.columns}>
      <div className={mergeClasses(styles.side, isOpen && styles.hiddenIfNarrow)}>
        <OfferList />
        <ConversationList seen={seen} />
      </div>
      <div className={mergeClasses(styles.pane, !isOpen && styles.hiddenIfNarrow)}>
        {isOpen ? (
          <ConversationPane key={conversation.id} conversation={conversation} />
        ) : (
          <EmptyPane hasLost={openId !== null} />
        )}
      </div>
    </main>
  );
}
