/** Rows of one height, of which only those that can be seen are there: any number of them. */

import { useCallback, useLayoutEffect, useRef, useState } from "react";

interface RowsProps {
  count: number;
  rowPx: number;
  render: (index: number) => React.ReactNode;
  label: string;
  className?: string;
  /** Stay at the end while more comes, as long as the reader is there. */
  follow?: boolean;
  /** Bring this row into view when it changes. */
  show?: number | null;
}

const AHEAD = 12;
const NEAR_END_PX = 40;

export function Rows(props: RowsProps) {
  const { count, rowPx, render, label, className = "", follow, show } = props;
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [seen, setSeen] = useState<[number, number]>([0, 60]);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const { scrollTop, clientHeight, scrollHeight } = element;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    const first = Math.max(0, Math.floor(scrollTop / rowPx) - AHEAD);
    const last = Math.ceil((scrollTop + clientHeight) / rowPx) + AHEAD;
    setSeen((before) => (before[0] === first && before[1] === last ? before : [first, last]));
  }, [rowPx]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element && follow && atEnd.current) element.scrollTop = element.scrollHeight;
    look();
    if (!element) return;
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [count, look, follow]);
  useLayoutEffect(() => {
    const element = box.current;
    if (show == null || !element) return;
    const top = show * rowPx;
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - rowPx * 2) {
      element.scrollTop = Math.max(0, top - element.clientHeight / 2);
    }
  }, [show, rowPx]);

  const rows = [];
  for (let index = seen[0]; index < Math.min(count, seen[1]); index++) {
    rows.push(
      <div
        className="row"
        key={index}
        style={{ top: index * rowPx, height: rowPx }}
        role="listitem"
      >
        {render(index)}
      </div>,
    );
  }
  return (
    <div
      className={`rows ${className}`}
      ref={box}
      onScroll={look}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <div className="rows-all" style={{ height: count * rowPx }} role="list">
        {rows}
      </div>
    </div>
  );
}
