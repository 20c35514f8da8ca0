import { Button, Caption1 } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { SupervisedConversation } from '../api/types';
import { ConversationFilter } from './ConversationFilter';
import { ConversationsTable } from './ConversationsTable';
import { Section } from './Section';
import type { Filter } from './supervisorApi';

const STEP = 50;
/** What one page of the API holds. */
const LIMIT_MAX = 200;

interface ConversationsProps {
  conversations: readonly SupervisedConversation[];
  hasMore: boolean;
  filter: Filter;
  onFilter: (filter: Filter) => void;
}

export function Conversations({ conversations, hasMore, filter, onFilter }: ConversationsProps) {
  const { t } = useTranslation('supervisor');
  return (
    <Section heading={t('conversations.heading')}>
      {(headingId) => (
        <>
          <ConversationFilter filter={filter} onFilter={onFilter} />
          <ConversationsTable headingId={headingId} conversations={conversations} />
          {hasMore && filter.limit < LIMIT_MAX && (
            <div>
              <Button onClick={() => onFilter({ ...filter, limit: filter.limit + STEP })} data-testid="more">
                {t('conversations.more')}
              </Button>
            </div>
          )}
          {hasMore && filter.limit >= LIMIT_MAX && (
            <Caption1>{t('conversations.limit', { count: LIMIT_MAX })}</Caption1>
          )}
        </>
      )}
    </Section>
  );
}
