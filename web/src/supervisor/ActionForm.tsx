import { Button, MessageBar, MessageBarBody, makeStyles, tokens } from '@fluentui/react-components';
import { type ReactNode, type SubmitEvent, useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { hasStatus } from '../api/errors';
import { useAction } from '../lib/useAction';
import { ModalActions } from '../ui/ModalActions';
import { type Done, useBoardContext } from './BoardContext';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM },
});

interface ActionFormProps {
  /** What the button that does it says. */
  submit: string;
  done: Done;
  work: () => Promise<unknown>;
  isReady?: boolean;
  onClose: () => void;
  children: ReactNode;
  /** Further buttons, before the others. */
  others?: ReactNode;
}

/** Inside of a dialog that does one thing: closes once it is done, says so if it was not. */
export function ActionForm({ submit, done, work, isReady = true, onClose, children, others }: ActionFormProps) {
  const styles = useStyles();
  const { t } = useTranslation('supervisor');
  const { t: tCommon } = useTranslation('common');
  const { onDone } = useBoardContext();
  const action = useAction(
    useCallback(async () => {
      await work();
      onDone(done);
      onClose();
    }, [work, onDone, done, onClose]),
  );
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isReady) {
      action.run();
    }
  };
  return (
    <form onSubmit={onSubmit} className={styles.form}>
      {children}
      <div role="alert" data-testid="action-error">
        {action.error !== null && (
          <MessageBar intent="error">
            <MessageBarBody>{t(`errors.${failureOf(action.error)}`)}</MessageBarBody>
          </MessageBar>
        )}
      </div>
      <ModalActions>
        {others}
        <Button onClick={onClose} data-testid="action-cancel">
          {tCommon('cancel')}
        </Button>
        <Button
          type="submit"
          appearance="primary"
          disabledFocusable={!isReady || action.isBusy}
          data-testid="action-submit"
        >
          {submit}
        </Button>
      </ModalActions>
    </form>
  );
}

function failureOf(error: unknown): 'invalidState' | 'notFound' | 'invalidRequest' | 'other' {
  if (hasStatus(error, 409)) {
    return 'invalidState';
  }
  if (hasStatus(error, 404)) {
    return 'notFound';
  }
  return hasStatus(error, 400) ? 'invalidRequest' : 'other';
}
