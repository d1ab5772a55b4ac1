/** From values to places on paper. Pure. */

import { numberText } from "../../api/words";
import { roundPlaces } from "../../charts/ticks";
import { type Column, numbersOf } from "./data";

export interface Scale {
  /** Where a run stands, from 0 to 1; null without a value. */
  at: (number | null)[];
  ticks: { at: number; text: string }[];
}

const TICKS = 5;
const LOG_FROM = 20;

/** Lay a column along an axis; texts stand at equal distances. `log` counts for positive numbers. */
export function scaleOf(column: Column, log = false): Scale {
  const { numbers, words } = numbersOf(column);
  if (words) {
    const last = Math.max(1, words.length - 1);
    const place = (index: number) => (words.length === 1 ? 0.5 : index / last);
    return {
      at: numbers.map((value) => (value === null ? null : place(value))),
      ticks: words.slice(0, 24).map((text, index) => ({ at: place(index), text })),
    };
  }
  const usable = numbers.filter(
    (value) => value !== null && Number.isFinite(value) && (!log || value > 0),
  );
  const min = Math.min(...(usable as number[]));
  const max = Math.max(...(usable as number[]));
  if (!usable.length) return { at: numbers.map(() => null), ticks: [] };
  const bend = log ? Math.log10 : (value: number) => value;
  const [low, high] = [bend(min), bend(max)];
  const place = (value: number) => (high === low ? 0.5 : (bend(value) - low) / (high - low));
  const marks = high === low ? [min] : log ? decades(min, max) : roundPlaces(min, max, TICKS);
  return {
    at: numbers.map((value) =>
      value === null || !Number.isFinite(value) || (log && value <= 0) ? null : place(value),
    ),
    ticks: marks
      .filter((value) => value >= min && value <= max)
      .map((value) => ({ at: place(value), text: numberText(Number(value.toPrecision(6))) })),
  };
}

const STEPS = [[1, 2, 5], [1, 3], [1]] as const;
const DECADES_FEW = [2, 5] as const;

/** Return round numbers for a logarithmic axis: fewer in each decade where there are many. */
function decades(min: number, max: number): number[] {
  const [from, to] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const few = DECADES_FEW.findIndex((count) => to - from <= count);
  const steps = STEPS[few < 0 ? 2 : few] ?? STEPS[2];
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)).flatMap(
    (decade) => steps.map((step) => step * decade),
  );
}

/** Whether a logarithm says more: positive numbers of which the greatest is more than twenty times the least. */
export function wantsLog(column: Column): boolean {
  if (!column.isNumeric) return false;
  const numbers = column.values.filter((value) => typeof value === "number");
  const min = Math.min(...numbers);
  return numbers.length > 1 && min > 0 && Math.max(...numbers) / min > LOG_FROM;
}
