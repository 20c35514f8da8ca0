import { Field, Select } from '@fluentui/react-components';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { DirectoryEntry } from '../api/types';
import { useWorkspace } from './WorkspaceContext';
import type { TransferKind } from './TransferForm';
import { useDirectory } from './useDirectory';

interface TransferTargetSelectProps {
  kind: TransferKind;
  value: string;
  onChange: (id: string) => void;
}

/** The queues with who waits there, or the colleagues with their presence. */
export function TransferTargetSelect({ kind, value, onChange }: TransferTargetSelectProps) {
  const { t } = useTranslation('agent');
  const ownId = useWorkspace().state.agent?.id;
  const entries = useDirectory(kind) ?? [];
  return (
    <Field label={t(`transfer.target.${kind}`)} required>
      <Select value={value} onChange={(_, data) => onChange(data.value)} data-testid="transfer-target">
        <option value="">{t('transfer.choose')}</option>
        {entries
          .filter((entry) => entry.kind !== 'agent' || entry.id !== ownId)
          .map((entry) => (
            <option key={entry.id} value={entry.id}>
              {wordingOf(entry, t)}
            </option>
          ))}
      </Select>
    </Field>
  );
}

const PRESENCES = ['available', 'busy', 'doNotDisturb', 'away', 'offline', 'inactive'] as const;

function wordingOf(entry: DirectoryEntry, t: TFunction<'agent'>): string {
  const { name, waiting } = entry;
  const presence = PRESENCES.find((known) => known === entry.presence);
  if (presence !== undefined) {
    return t('transfer.withPresence', { name, presence: t(`presence.${presence}`) });
  }
  return typeof waiting === 'number' ? t('transfer.waiting', { name, count: waiting }) : name;
}
