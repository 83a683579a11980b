import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Show a `<dialog>` as a modal while it is rendered, and give the focus back afterwards.
 * `onClose` is called when the user closes it, not when it is no longer rendered.
 */
export function useModal(dialog: RefObject<HTMLDialogElement | null>, onClose: () => void) {
  const rendered = useRef(false);

  useLayoutEffect(() => {
    const element = dialog.current;
    rendered.current = true;
    element?.showModal();
    element?.querySelector<HTMLElement>("[data-body] :is(input, select, textarea)")?.focus();
    return () => {
      rendered.current = false;
      element?.close();
    };
  }, [dialog]);

  return () => {
    if (rendered.current && dialog.current?.open === false) onClose();
  };
}
