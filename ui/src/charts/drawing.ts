/**
 * Drawing lines and their bands on a plot's canvas. Each line has its own places on the axis, so
 * nothing is joined or resampled: what the server gave is what is drawn.
 */

import type uPlot from "uplot";

import { isBucketed, type Line } from "./line";

interface Drawn {
  lines: readonly Line[];
  band: boolean;
  /** The key of the line that stands out, if any. */
  chosen: string | null;
  logX: boolean;
  logY: boolean;
}

const BAND_ALPHA = 0.18;
const RAW_ALPHA = 0.28;
const FADED_ALPHA = 0.22;

/** Draw bands, then lines, the one that stands out last. */
export function draw(u: uPlot, drawn: Drawn): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineJoin = "round";
  const order = [...drawn.lines].sort(
    (a, b) => Number(a.key === drawn.chosen) - Number(b.key === drawn.chosen),
  );
  const onto = new Canvas(u, drawn);
  for (const line of order) {
    const faded = drawn.chosen !== null && line.key !== drawn.chosen ? FADED_ALPHA : 1;
    if (drawn.band && (isBucketed(line) || line.run === "")) {
      ctx.globalAlpha = BAND_ALPHA * faded;
      onto.band(line);
    }
    ctx.globalAlpha = (line.smooth ? RAW_ALPHA : 1) * faded;
    onto.stroke(line, line.value, line.smooth ? 1 : 1.5);
    if (line.smooth) {
      ctx.globalAlpha = faded;
      onto.stroke(line, line.smooth, line.key === drawn.chosen ? 2.5 : 1.75);
    }
  }
  ctx.restore();
}

class Canvas {
  readonly #ctx: CanvasRenderingContext2D;
  readonly #x: (value: number) => number;
  readonly #y: (value: number) => number;
  readonly #logX: boolean;
  readonly #logY: boolean;
  readonly #ratio: number;

  constructor(u: uPlot, { logX, logY }: Drawn) {
    this.#ctx = u.ctx;
    this.#x = (value) => u.valToPos(value, "x", true);
    this.#y = (value) => u.valToPos(value, "y", true);
    this.#logX = logX;
    this.#logY = logY;
    this.#ratio = devicePixelRatio;
  }

  #fits(x: number, y: number | null | undefined): y is number {
    return y != null && (!this.#logX || x > 0) && (!this.#logY || y > 0);
  }

  stroke(line: Line, values: ArrayLike<number | null>, width: number): void {
    const ctx = this.#ctx;
    const dots: [number, number][] = [];
    let open = 0;
    let last: [number, number] = [0, 0];
    ctx.beginPath();
    for (let at = 0; at <= line.x.length; at++) {
      const place = line.x[at] as number;
      const value = at < line.x.length ? values[at] : null;
      if (!this.#fits(place, value)) {
        if (open === 1) dots.push(last);
        open = 0;
        continue;
      }
      last = [this.#x(place), this.#y(value)];
      if (open) ctx.lineTo(...last);
      else ctx.moveTo(...last);
      open += 1;
    }
    ctx.strokeStyle = line.color;
    ctx.lineWidth = width * this.#ratio;
    ctx.stroke();
    ctx.fillStyle = line.color;
    for (const [x, y] of dots) {
      ctx.beginPath();
      ctx.arc(x, y, 2.5 * this.#ratio, 0, 2 * Math.PI);
      ctx.fill();
    }
  }

  /** Fill from the smallest to the largest value of each bucket, from one place to the next. */
  band(line: Line): void {
    const ctx = this.#ctx;
    ctx.fillStyle = line.color;
    let start = 0;
    for (let at = 0; at <= line.x.length; at++) {
      const inside =
        at < line.x.length &&
        this.#fits(line.x[at] as number, line.high[at]) &&
        line.low[at] != null;
      if (inside) continue;
      if (at > start) this.#fill(line, start, at);
      start = at + 1;
    }
  }

  #fill(line: Line, start: number, end: number): void {
    const ctx = this.#ctx;
    const floor = this.#logY ? Number.MIN_VALUE : -Infinity;
    ctx.beginPath();
    for (let at = start; at < end; at++) {
      ctx.lineTo(this.#x(line.x[at] as number), this.#y(line.high[at] as number));
    }
    for (let at = end - 1; at >= start; at--) {
      const low = Math.max(line.low[at] as number, floor);
      const y = this.#y(low);
      ctx.lineTo(this.#x(line.x[at] as number), Number.isFinite(y) ? y : ctx.canvas.height);
    }
    ctx.closePath();
    ctx.fill();
  }
}
