import { Caption1, type SelectOnChangeData, Select, makeStyles, tokens } from '@fluentui/react-components';
import { useTranslation } from 'react-i18next';
import type { Agent, ChosenPresence, NextPresence } from '../api/types';
import { Presence } from '../ui/Presence';
import { useWorkspace } from './WorkspaceContext';
import { errorText } from './noticeTexts';
import { penaltyOf } from './penalty';

const CHOICES: readonly ChosenPresence[] = ['available', 'busy', 'doNotDisturb', 'away', 'offline'];
const NEXT_CHOICES: readonly NextPresence[] = ['away', 'doNotDisturb', 'offline'];
const NEXT_PREFIX = 'next-';

const useStyles = makeStyles({
  presence: { display: 'flex', alignItems: 'center', flexShrink: 0, gap: tokens.spacingHorizontalXS },
  // Not as wide as the longest choice.
  select: { width: '140px' },
});

/** What routing takes the agent for, and the agent's choice: now, or for when all work is done. */
export function PresenceSelect({ presence }: { presence: Agent['presence'] }) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { api, notify } = useWorkspace();
  const { chosen, effective, next } = presence;

  // What a penalty made of the choice is shown as chosen: choosing the same anew is what ends it.
  const now = penaltyOf(presence) !== null ? effective : chosen;
  const choose = (_: unknown, { value }: SelectOnChangeData) => {
    const wanted = NEXT_CHOICES.find((choice) => value === NEXT_PREFIX + choice);
    const presenceNow = CHOICES.find((choice) => value === choice) ?? 'available';
    const call = wanted === undefined ? api.choosePresence(presenceNow) : api.finishThen(wanted);
    call.catch((error: unknown) => notify(errorText(error), 'error'));
  };

  return (
    <div className={styles.presence}>
      <Presence presence={effective} />
      {effective !== now && <Caption1>{t(`presence.${effective}`)}</Caption1>}
      <Select
        className={styles.select}
        size="small"
        value={next === null ? now : NEXT_PREFIX + next}
        onChange={choose}
        aria-label={t('presence.label')}
        data-testid="presence"
        data-presence={effective}
      >
        {now === 'inactive' && (
          <option value="inactive" disabled>
            {t('presence.inactive')}
          </option>
        )}
        {CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {t(`presence.${choice}`)}
          </option>
        ))}
        <optgroup label={t('presence.whenDone')}>
          {NEXT_CHOICES.map((choice) => (
            <option key={choice} value={NEXT_PREFIX + choice}>
              {t(`presence.next.${choice}`)}
            </option>
          ))}
        </optgroup>
      </Select>
    </div>
  );
}
