/** Where the caret of a box stands after the page itself has written into it. */

import { type RefObject, useLayoutEffect, useRef } from "react";

/** Gives what moves the caret of `box` with the text that is drawn next: before the next key, never after it. */
export const useCaret = (box: RefObject<HTMLInputElement | HTMLTextAreaElement | null>) => {
  const wanted = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    box.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = null;
  });
  return (caret: number) => {
    wanted.current = caret;
  };
};
