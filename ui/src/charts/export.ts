/** A chart as a file: PNG of the canvas, SVG drawn anew, CSV of the points. */

import { type Axis, extentX, extentY, isBucketed, type Line, padded, type Window } from "./line";
import { roundPlaces, tickText } from "./ticks";
import { placeText } from "./tooltip";

export function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^\w.=-]+/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Return the canvas as PNG on the page's own background, with the title above. */
export async function toPng(canvas: HTMLCanvasElement, title: string): Promise<Blob> {
  const style = getComputedStyle(canvas.closest(".plot") ?? document.body);
  const ratio = devicePixelRatio;
  const head = 30 * ratio;
  const whole = document.createElement("canvas");
  whole.width = canvas.width;
  whole.height = canvas.height + head;
  const ctx = whole.getContext("2d") as CanvasRenderingContext2D;
  ctx.fillStyle = style.getPropertyValue("--paper").trim() || "#fff";
  ctx.fillRect(0, 0, whole.width, whole.height);
  ctx.fillStyle = style.color;
  ctx.font = `600 ${14 * ratio}px ${style.fontFamily}`;
  ctx.fillText(title, 10 * ratio, 20 * ratio);
  ctx.drawImage(canvas, 0, head);
  return new Promise((done, failed) =>
    whole.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/png"),
  );
}

/** Return points as CSV, a line for each bucket. */
export function toCsv(lines: readonly Line[], xName: string): string {
  const rows = [["run", "name", "metric", xName, "step", "time", "value", "min", "max"]];
  for (const line of lines) {
    for (let at = 0; at < line.x.length; at++) {
      const time = new Date(line.time[at] as number);
      rows.push([
        line.run,
        line.label,
        line.metric,
        ...[line.x[at], line.step[at]].map(String),
        Number.isNaN(time.getTime()) || line.run === "" ? "" : time.toISOString(),
        ...[line.value[at], line.low[at], line.high[at]].map((one) => String(one ?? "")),
      ]);
    }
  }
  return `${rows.map((row) => row.map(quoted).join(",")).join("\r\n")}\r\n`;
}

/** Quote what CSV needs quoted; and disarm what a spreadsheet would take for a formula. */
function quoted(text: string): string {
  const plain = /^[=+@\t]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

export interface Drawing {
  lines: readonly Line[];
  title: string;
  axis: Axis;
  axisLabel: string;
  window: Window;
  logX: boolean;
  logY: boolean;
  band: boolean;
}

const WIDTH = 800;
const HEIGHT = 420;
const FRAME = { left: 70, right: 20, top: 44, bottom: 46 };

/** Return a chart as SVG: text stays text, lines stay lines. */
export function toSvg(drawing: Drawing): string {
  const { lines, logX, logY, window } = drawing;
  const whole = extentX(lines, logX) ?? { min: 0, max: 1 };
  const from = window[0] ?? whole.min;
  const to = Math.max(window[1] ?? whole.max, from + Number.EPSILON);
  const [low, high] = padded(
    extentY(lines, from, to, logY, drawing.band) ?? { min: logY ? 1 : 0, max: logY ? 10 : 1 },
    logY,
  );
  const x = scale(from, to, FRAME.left, WIDTH - FRAME.right, logX);
  const y = scale(low, high, HEIGHT - FRAME.bottom, FRAME.top, logY);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"`,
    ` viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${FRAME.left}" y="24" font-size="15" font-weight="600">${xml(drawing.title)}</text>`,
    ...axes(drawing, [from, to, low, high], x, y),
    `<clipPath id="f"><rect x="${FRAME.left}" y="${FRAME.top}" width="${WIDTH - FRAME.left - FRAME.right}"`,
    ` height="${HEIGHT - FRAME.top - FRAME.bottom}"/></clipPath><g clip-path="url(#f)" fill="none">`,
    ...lines.map((line) => lineOf(line, drawing.band, x, y)),
    "</g></svg>\n",
  ];
  return parts.join("");
}

type Scale = (value: number) => number;

function scale(min: number, max: number, from: number, to: number, log: boolean): Scale {
  if (log) {
    const [a, b] = [Math.log(min), Math.log(max)];
    return (value) => from + ((Math.log(value) - a) / (b - a || 1)) * (to - from);
  }
  return (value) => from + ((value - min) / (max - min || 1)) * (to - from);
}

function places(min: number, max: number, log: boolean): number[] {
  if (!log) return roundPlaces(min, max, 6);
  const found = [];
  for (let n = Math.ceil(Math.log10(min)); n <= Math.log10(max); n++) found.push(10 ** n);
  return found.length > 1 ? found : [min, max];
}

function axes(
  { axis, axisLabel, logX, logY }: Drawing,
  [from, to, low, high]: [number, number, number, number],
  x: Scale,
  y: Scale,
): string[] {
  const rows = places(low, high, logY);
  const columns = places(from, to, logX);
  const near = (some: number[]) => Math.abs((some[1] ?? 1) - (some[0] ?? 0)) || 1;
  const bottom = HEIGHT - FRAME.bottom;
  return [
    ...rows.map(
      (one) =>
        `<path d="M${FRAME.left} ${at(y(one))}H${WIDTH - FRAME.right}" stroke="#e3e3e3"/>` +
        `<text x="${FRAME.left - 8}" y="${at(y(one) + 4)}" text-anchor="end" fill="#555">` +
        `${xml(tickText(one, near(rows)))}</text>`,
    ),
    ...columns.map((one) => {
      const text =
        axis === "step" || axis === "metric" ? tickText(one, near(columns)) : placeText(axis, one);
      return `<text x="${at(x(one))}" y="${bottom + 18}" text-anchor="middle" fill="#555">${xml(text)}</text>`;
    }),
    `<text x="${(FRAME.left + WIDTH - FRAME.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle"`,
    ` fill="#555">${xml(axisLabel)}</text>`,
  ];
}

function lineOf(line: Line, band: boolean, x: Scale, y: Scale): string {
  const parts = [];
  if (band && (isBucketed(line) || line.run === "")) {
    const there = [...Array(line.x.length).keys()].filter((n) => line.low[n] != null);
    const point = (n: number, value: number) => `${at(x(line.x[n] as number))} ${at(y(value))}`;
    const up = there.map((n) => point(n, line.high[n] as number));
    const down = there.reverse().map((n) => point(n, line.low[n] as number));
    const outline = [...up, ...down].filter((one) => !one.includes("NaN"));
    parts.push(`<path d="M${outline.join("L")}Z" fill="${line.color}" opacity="0.18"/>`);
  }
  const path = (values: ArrayLike<number | null>, width: number, opacity: number) => {
    let d = "";
    let open = false;
    for (let n = 0; n < line.x.length; n++) {
      const [left, top] = [x(line.x[n] as number), y(values[n] ?? Number.NaN)];
      const fits = Number.isFinite(left) && Number.isFinite(top);
      if (fits) d += `${open ? "L" : "M"}${at(left)} ${at(top)}`;
      open = fits;
    }
    return `<path d="${d}" stroke="${line.color}" stroke-width="${width}" opacity="${opacity}"/>`;
  };
  parts.push(path(line.value, line.smooth ? 1 : 1.5, line.smooth ? 0.28 : 1));
  if (line.smooth) parts.push(path(line.smooth, 1.75, 1));
  return `<g><title>${xml(line.label)}</title>${parts.join("")}</g>`;
}

const at = (value: number) => String(Math.round(value * 100) / 100);

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
