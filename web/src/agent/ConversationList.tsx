import { Body1, Subtitle2, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import { ConversationListItem } from './ConversationListItem';
import { useWorkspace } from './WorkspaceContext';
import { type Seen, conversationsByAge } from './inbox/select';
import { useListStyles } from './listStyles';

const useStyles = makeStyles({ hint: { color: tokens.colorNeutralForeground2 } });

export function ConversationList({ seen }: { seen: Seen }) {
  const styles = useStyles();
  const list = useListStyles();
  const { t } = useTranslation('agent');
  const conversations = conversationsByAge(useWorkspace().state);
  return (
    <nav className={list.section} aria-labelledby="conversations" data-testid="conversation-list">
      <Subtitle2 as="h2" id="conversations">
        {t('conversations.heading')}
      </Subtitle2>
      {conversations.length === 0 && <Body1 className={styles.hint}>{t('conversations.none')}</Body1>}
      <ul className={list.list}>
        {conversations.map((conversation) => (
          <ConversationListItem key={conversation.id} conversation={conversation} seen={seen} />
        ))}
      </ul>
    </nav>
  );
}
