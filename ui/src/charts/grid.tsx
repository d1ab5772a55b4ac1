/**
 * Charts of any number of metrics: sections by the names' first part, and of thousands of charts
 * only those that can be seen are there and ask the server.
 */

import { startTransition, useEffect, useMemo, useRef, useState } from "react";

import { Chart, type ChartProps } from "./chart";

interface GridProps extends Omit<ChartProps, "metric" | "onFull" | "isFull"> {
  metrics: readonly string[];
  closed: ReadonlySet<string>;
  onClosed: (section: string, closed: boolean) => void;
  onFull: (metric: string) => void;
}

const AHEAD = "400px";
const FRAME_PX = 56;
const HEIGHT = 220;
/** Places that are there at once; thousands of others follow when the first have their lines. */
const FIRST = 24;
const OTHERS_AFTER_MS = 400;

/** Return metrics by what stands before the last slash of their names; those without come first. */
export function sectionsOf(metrics: readonly string[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const metric of metrics) {
    const slash = metric.lastIndexOf("/");
    const section = slash > 0 ? metric.slice(0, slash) : "";
    found.set(section, [...(found.get(section) ?? []), metric]);
  }
  return [...found].sort(([a], [b]) => (a === "" ? -1 : b === "" ? 1 : a.localeCompare(b)));
}

export function ChartGrid({ metrics, closed, onClosed, onFull, ...chart }: GridProps) {
  const hasMore = metrics.length > FIRST;
  const [isWhole, setWhole] = useState(!hasMore);
  useEffect(() => {
    if (isWhole || !hasMore) return;
    const timer = setTimeout(() => startTransition(() => setWhole(true)), OTHERS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isWhole, hasMore]);
  const placed = useMemo(() => (isWhole ? metrics : metrics.slice(0, FIRST)), [metrics, isWhole]);
  const sections = useMemo(() => sectionsOf(placed), [placed]);
  if (sections.length === 1) return <Cells metrics={placed} isFirst onFull={onFull} {...chart} />;
  return sections.map(([section, some], index) => (
    <section className="chart-section" key={section}>
      <h2>
        <button
          type="button"
          className="quiet"
          aria-expanded={!closed.has(section)}
          onClick={() => onClosed(section, !closed.has(section))}
        >
          <span aria-hidden>{closed.has(section) ? "▸" : "▾"}</span> {section || "metrics"}{" "}
          <span className="count">{some.length}</span>
        </button>
      </h2>
      {!closed.has(section) && (
        <Cells metrics={some} isFirst={index === 0} onFull={onFull} {...chart} />
      )}
    </section>
  ));
}

type CellsProps = Omit<GridProps, "closed" | "onClosed"> & { isFirst: boolean };

function Cells({ metrics, isFirst, onFull, ...chart }: CellsProps) {
  return (
    <div className="chart-grid">
      {metrics.map((metric, index) => (
        <Cell key={metric} height={chart.height ?? HEIGHT} isNear={isFirst && index === 0}>
          <Chart {...chart} metric={metric} onFull={() => onFull(metric)} />
        </Cell>
      ))}
    </div>
  );
}

interface CellProps {
  height: number;
  /** What to take it for until that is known. */
  isNear: boolean;
  children: React.ReactNode;
}

/** A place for a chart, which is there only while the place is near what can be seen. */
function Cell({ height, isNear, children }: CellProps) {
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(isNear);
  useEffect(() => {
    if (!box.current) return;
    return watch(box.current, setNear);
  }, []);
  return (
    <div className="chart-cell" ref={box} style={{ minHeight: height + FRAME_PX }}>
      {near && children}
    </div>
  );
}

const told = new WeakMap<Element, (near: boolean) => void>();
let observer: IntersectionObserver | null = null;

/** One observer for all places: thousands of them cost next to nothing. */
function watch(element: Element, tell: (near: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const entry of entries) told.get(entry.target)?.(entry.isIntersecting);
    },
    { rootMargin: AHEAD },
  );
  told.set(element, tell);
  observer.observe(element);
  return () => observer?.unobserve(element);
}
