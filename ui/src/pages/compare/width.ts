/** How wide a box is, so that what is drawn in it keeps its letters' size. */

import { type RefObject, useLayoutEffect, useRef, useState } from "react";

const AT_FIRST = 800;

export function useWidth<Box extends HTMLElement>(): [RefObject<Box | null>, number] {
  const box = useRef<Box>(null);
  const [width, setWidth] = useState(AT_FIRST);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setWidth(Math.max(240, Math.floor(element.clientWidth)));
    look();
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, []);
  return [box, width];
}
