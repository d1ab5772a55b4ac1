/** Places and numbers on an axis. */

const SMALL = 1e-4;
const LARGE = 1e6;

/** Return a number as short as the distance to its neighbours on the axis allows. */
export function tickText(value: number, distance: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= LARGE || size < SMALL) {
    const digits = Math.max(0, Math.ceil(Math.log10(size)) - Math.floor(Math.log10(distance)));
    return value.toExponential(Math.min(3, Math.max(0, digits - 1))).replace("e+", "e");
  }
  if (size >= 10_000 && distance % 1000 === 0 && value % 1000 === 0) return `${value / 1000}k`;
  return value.toFixed(decimalsOf(distance));
}

/** Return evenly set places in a range, on round numbers: about `count` of them. */
export function roundPlaces(min: number, max: number, count: number): number[] {
  if (!(max > min)) return [min];
  const rough = (max - min) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((one) => one >= rough) ?? power * 10;
  const found: number[] = [];
  for (let n = Math.ceil(min / step - 1e-9); n * step <= max + step * 1e-9; n++) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}

/** Return how many decimals tell apart what lies so far apart: 0.025 takes three. */
function decimalsOf(distance: number): number {
  for (let digits = 0; digits < 10; digits++) {
    const whole = distance * 10 ** digits;
    if (whole >= 1 - 1e-9 && Math.abs(whole - Math.round(whole)) < 1e-6) return digits;
  }
  return 10;
}
