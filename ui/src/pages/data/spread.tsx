/** How a column's values are spread: as a histogram, or as its quantiles tell where there is none. */

import { numberText } from "../../api/words";
import type { components } from "../../api/schema";

type Column = components["schemas"]["ColumnShape"];
export type Histogram = components["schemas"]["Histogram"];

const WIDTH = 150;
const HEIGHT = 34;

interface SpreadProps {
  column: Column;
  histogram: Histogram | undefined;
}

export function Spread({ column, histogram }: SpreadProps) {
  return histogram ? <Bars column={column} histogram={histogram} /> : <Estimate column={column} />;
}

/** A bar for each bucket, as high as the share of the values in it; a line marks the median. */
function Bars({ column, histogram }: { column: Column; histogram: Histogram }) {
  const { from, to, shares } = histogram;
  const top = Math.max(...shares);
  const step = WIDTH / shares.length;
  const width = (to - from) / shares.length;
  const median = column.quantiles?.p50;
  const at = median == null ? null : ((median - from) / (to - from)) * WIDTH;
  return (
    <svg className="spread" width={WIDTH} height={HEIGHT} role="img" aria-label={spoken(column)}>
      <title>{spoken(column)}</title>
      {shares.map((share, index) => {
        const height = share > 0 ? Math.max(1, (share / top) * (HEIGHT - 2)) : 0;
        return (
          <g key={index}>
            <title>{`${numberText(from + index * width)} to ${numberText(from + (index + 1) * width)}: ${numberText(100 * share)} %`}</title>
            <rect
              x={index * step}
              width={Math.max(1, step - 1)}
              y={HEIGHT - height}
              height={height}
            />
          </g>
        );
      })}
      {at !== null && <line x1={at} x2={at} y1={0} y2={HEIGHT} />}
    </svg>
  );
}

const QUANTILES: [string, number][] = [
  ["p01", 0.01],
  ["p05", 0.05],
  ["p25", 0.25],
  ["p50", 0.5],
  ["p75", 0.75],
  ["p95", 0.95],
  ["p99", 0.99],
];

/**
 * How values are spread, from the quantiles that the profile keeps: between two of them a bar
 * whose area is the share of the values there; a line marks the median.
 */
function Estimate({ column }: { column: Column }) {
  const { min, max, quantiles } = column;
  if (!quantiles || typeof min !== "number" || typeof max !== "number" || !(max > min)) return null;
  const edges: [number, number][] = [[min, 0]];
  for (const [name, share] of QUANTILES) {
    const value = quantiles[name];
    if (value != null && value >= min && value <= max) edges.push([value, share]);
  }
  edges.push([max, 1]);
  const bars = edges.slice(1).map(([to, upTo], index) => {
    const [from, before] = edges[index] as [number, number];
    return { from, to: Math.max(to, from), share: Math.max(0, upTo - before) };
  });
  // Many equal values make a bar of no width: it is drawn as wide as a hundredth of the range.
  const least = (max - min) / 100;
  const heights = bars.map((bar) => bar.share / Math.max(bar.to - bar.from, least));
  const top = Math.max(...heights);
  const x = (value: number) => ((value - min) / (max - min)) * WIDTH;
  const median = quantiles.p50;
  return (
    <svg className="spread" width={WIDTH} height={HEIGHT} role="img" aria-label={spoken(column)}>
      <title>{spoken(column)}</title>
      {bars.map((bar, index) => {
        const height = top > 0 ? Math.sqrt((heights[index] ?? 0) / top) * (HEIGHT - 2) : 0;
        return (
          <rect
            key={index}
            x={Math.min(x(bar.from), WIDTH - 1.5)}
            width={Math.max(1.5, x(bar.to) - x(bar.from) - 0.5)}
            y={HEIGHT - height}
            height={height}
          />
        );
      })}
      {median != null && <line x1={x(median)} x2={x(median)} y1={0} y2={HEIGHT} />}
    </svg>
  );
}

function spoken(column: Column): string {
  const told = QUANTILES.map(([name]) => `${name} ${numberText(column.quantiles?.[name] ?? null)}`);
  return `${column.name}: ${told.join(", ")}`;
}
