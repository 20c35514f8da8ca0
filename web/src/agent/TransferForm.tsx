import { Button, Field, Radio, RadioGroup, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { type SubmitEvent, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TEXT_CHARS_MAX, printable } from '../lib/text';
import { useIdempotencyKey } from '../lib/useIdempotencyKey';
import { ModalActions } from '../ui/ModalActions';
import { TransferTargetSelect } from './TransferTargetSelect';
import { useWorkspace } from './WorkspaceContext';
import { useAgentAction } from './useAgentAction';

const KINDS = ['queue', 'agent'] as const;
export type TransferKind = (typeof KINDS)[number];

const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface TransferFormProps {
  conversationId: string;
  onDone: () => void;
}

export function TransferForm({ conversationId, onDone }: TransferFormProps) {
  const styles = useStyles();
  const { t } = useTranslation('agent');
  const { t: tCommon } = useTranslation('common');
  const { api, notify } = useWorkspace();
  const [kind, setKind] = useState<TransferKind>('queue');
  const [target, setTarget] = useState('');
  const [note, setNote] = useState('');
  const keyFor = useIdempotencyKey();

  const transfer = useAgentAction(
    useCallback(async () => {
      const body = { to: { kind, id: target }, note: printable(note).trim() || null, mode: 'blind' as const };
      await api.transfer(conversationId, body, keyFor(body));
      notify((wording) => wording('transfer.requested'));
      onDone();
    }, [api, notify, onDone, conversationId, keyFor, kind, target, note]),
  );

  const chooseKind = (value: string) => {
    setKind(value === 'agent' ? 'agent' : 'queue');
    setTarget('');
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    transfer.run();
  };

  return (
    <form onSubmit={submit} className={styles.fields}>
      <Field label={t('transfer.to')}>
        <RadioGroup layout="horizontal" value={kind} onChange={(_, data) => chooseKind(data.value)}>
          {KINDS.map((value) => (
            <Radio
              key={value}
              value={value}
              label={t(`transfer.kind.${value}`)}
              data-testid={`transfer-kind-${value}`}
            />
          ))}
        </RadioGroup>
      </Field>
      <TransferTargetSelect kind={kind} value={target} onChange={setTarget} />
      <Field label={t('transfer.note')}>
        <Textarea
          value={note}
          onChange={(_, data) => setNote(data.value)}
          maxLength={TEXT_CHARS_MAX}
          data-testid="transfer-note"
        />
      </Field>
      <ModalActions>
        <Button onClick={onDone} data-testid="transfer-cancel">
          {tCommon('cancel')}
        </Button>
        <Button
          type="submit"
          appearance="primary"
          disabledFocusable={target === '' || transfer.isBusy}
          data-testid="transfer-submit"
        >
          {t('transfer.submit')}
        </Button>
      </ModalActions>
    </form>
  );
}
