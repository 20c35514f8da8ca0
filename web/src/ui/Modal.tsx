import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components';
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

const useStyles = makeStyles({
  modal: {
    boxSizing: 'border-box',
    width: 'min(560px, calc(100vw - 32px))',
    padding: tokens.spacingHorizontalXXL,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    borderRadius: tokens.borderRadiusXLarge,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    boxShadow: tokens.shadow64,
    '::backdrop': { backgroundColor: tokens.colorBackgroundOverlay },
  },
  wide: { width: 'min(880px, calc(100vw - 32px))' },
  title: { ...typographyStyles.subtitle1, marginBottom: tokens.spacingVerticalM },
});

interface ModalProps {
  title: string;
  onClose: () => void;
  /** For what is read rather than filled in. */
  isWide?: boolean;
  children: ReactNode;
}

/**
 * A modal dialog for as long as it is rendered. The browser's own element holds the focus inside and gives it back,
 * and leaves nothing behind when the conversation that it belongs to vanishes under it.
 */
export function Modal({ title, onClose, isWide = false, children }: ModalProps) {
  const styles = useStyles();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  // Closed while it is still on the page: the browser gives the focus back only then.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className={mergeClasses(styles.modal, isWide && styles.wide)}
      aria-labelledby={titleId}
      onCancel={onClose}
    >
      <h2 id={titleId} className={styles.title}>
        {title}
      </h2>
      {children}
    </dialog>
  );
}
