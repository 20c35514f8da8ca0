import { Badge, Button, Caption1, Text, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Conversation } from '../api/types';
import { StatusBadge } from './StatusBadge';
import { useWorkspace } from './WorkspaceContext';
import { type Seen, isUnread, lastPublicMessage } from './inbox/select';
import { useCustomerName } from './useCustomerName';

const useStyles = makeStyles({
  button: {
    width: '100%',
    flexDirection: 'column',
    alignItems: 'stretch',
    gap: tokens.spacingVerticalXXS,
    padding: tokens.spacingHorizontalM,
    textAlign: 'left',
    backgroundColor: tokens.colorNeutralBackground1,
  },
  open: { backgroundColor: tokens.colorBrandBackground2, borderLeft: `3px solid ${tokens.colorBrandStroke1}` },
  line: { display: 'flex', alignItems: 'center', justifyContent: 'space-between', gap: tokens.spacingHorizontalS },
  last: { color: tokens.colorNeutralForeground2, whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis' },
  unread: { fontWeight: tokens.fontWeightSemibold },
});

export function ConversationListItem({ conversation, seen }: { conversation: Conversation; seen: Seen }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { state, openId, open } = useWorkspace();
  const name = useCustomerName(conversation.id);
  const isOpen = openId === conversation.id;
  const hasNews = !isOpen && isUnread(state, conversation.id, seen);
  const last = lastPublicMessage(state, conversation.id);
  return (
    <li data-testid="conversation">
      <Button
        className={mergeClasses(styles.button, isOpen && styles.open)}
        onClick={() => open(conversation.id)}
        aria-current={isOpen}
      >
        <span className={styles.line}>
          <Text className={hasNews ? styles.unread : undefined}>{name}</Text>
          {hasNews && (
            <Badge color="danger" size="small" data-testid="unread">
              {t('conversations.unread')}
            </Badge>
          )}
          <StatusBadge status={conversation.status} />
        </span>
        <Caption1 className={styles.last}>{last?.text ?? t('conversations.noMessage')}</Caption1>
      </Button>
    </li>
  );
}
