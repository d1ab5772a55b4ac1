/** Something over the page: the focus stays in it, Esc or a click beside it closes it. */

import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  className?: string;
  isTitleHidden?: boolean;
}

export function Dialog({ title, onClose, children, className = "", isTitleHidden }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box}
      className={`dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <div className="dialog-inside">
        <h2 id={id} className={isTitleHidden ? "unseen" : undefined}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}
