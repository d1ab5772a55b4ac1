/** What stands beside the cursor: the values there, the nearest line first. */

import { durationText, numberText } from "../api/words";
import { type Axis, isBucketed, type Line } from "./line";

export interface Hovered {
  left: number;
  top: number;
  width: number;
  rows: { line: Line; at: number; value: number }[];
  more: number;
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

export function placeText(axis: Axis, x: number): string {
  if (axis === "time") return moment.format(x);
  return axis === "relative" ? durationText(x) : numberText(x);
}

interface Props {
  hovered: Hovered;
  axis: Axis;
  axisLabel: string;
}

export function Tooltip({ hovered, axis, axisLabel }: Props) {
  const { left, top, width, rows, more } = hovered;
  const first = rows[0];
  if (!first) return null;
  const side = left > width / 2 ? { right: width - left + 14 } : { left: left + 14 };
  return (
    <div className="plot-tooltip" style={{ top: Math.max(0, top - 12), ...side }}>
      <div className="plot-tooltip-place">
        {axisLabel} {placeText(axis, first.line.x[first.at] as number)}
      </div>
      <table>
        <tbody>
          {rows.map(({ line, at, value }) => (
            <tr key={line.key}>
              <td>
                <span className="swatch" style={{ background: line.color }} /> {line.label}
              </td>
              <td className="number">{numberText(line.smooth?.[at] ?? value)}</td>
              <td className="number plot-tooltip-range">
                {(isBucketed(line) || line.run === "") &&
                  `${numberText(line.low[at])} … ${numberText(line.high[at])}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <div className="plot-tooltip-place">and {more} more</div>}
    </div>
  );
}
