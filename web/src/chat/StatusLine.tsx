import { Body1, makeStyles, tokens } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { QueuePlace } from '../api/types';
import type { ChatState } from './chatState';

const useStyles = makeStyles({ line: { color: tokens.colorNeutralForeground2 } });

/** Who answers now, or how long it will take until somebody does. */
export function StatusLine({ state, isLost }: { state: ChatState; isLost: boolean }) {
  const styles = useStyles();
  const { t } = useTranslation('chat');
  return (
    <div role="status" className={styles.line} data-testid="status" data-status={state.status}>
      <Body1>{isLost ? t('status.lost') : describe(state, t)}</Body1>
    </div>
  );
}

function describe(state: ChatState, t: TFunction<'chat'>): string {
  switch (state.status) {
    case 'new':
    case 'bot':
    case 'waiting':
      return t(`status.${state.status}`);
    case 'queued':
    case 'offered':
      return state.queue === null ? t('queued') : describePlace(state.queue, t);
    case 'active':
      return state.agent === null ? t('talkingToAgent') : t('talkingTo', { name: state.agent });
    case 'wrapUp':
    case 'closed':
      return t('status.ended');
  }
}

function describePlace(place: QueuePlace, t: TFunction<'chat'>): string {
  const position = t('position', { position: place.position });
  if (place.estimatedWaitSeconds === null) {
    return position;
  }
  const minutes = Math.max(1, Math.ceil(place.estimatedWaitSeconds / 60));
  return `${position}, ${t('estimate', { count: minutes })}`;
}
