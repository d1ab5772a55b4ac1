/** The course of a metric in the height of a line; its numbers stand beside it. */

import { memo } from "react";

const WIDTH = 64;
const HEIGHT = 18;

/** Return the path of a line through values; a gap where there is none. */
export function pathOf(values: readonly (number | null)[]): string {
  const known = values.filter((one): one is number => one !== null && Number.isFinite(one));
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const range = Math.max(...known) - low || 1;
  let pen = "M";
  return values
    .map((value, index) => {
      if (value === null || !Number.isFinite(value)) {
        pen = "M";
        return "";
      }
      const x = 1 + (index / (values.length - 1)) * (WIDTH - 2);
      const y = HEIGHT - 2 - ((value - low) / range) * (HEIGHT - 4);
      const part = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
      return part;
    })
    .join("");
}

export const Course = memo(function Course({ values }: { values: readonly (number | null)[] }) {
  return (
    <svg
      className="runs-course"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      aria-hidden="true"
    >
      <path d={pathOf(values)} fill="none" stroke="currentColor" strokeWidth="1.3" />
    </svg>
  );
});
