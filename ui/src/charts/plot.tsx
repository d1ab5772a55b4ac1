/** One plot: a canvas with axes, a cursor that others share, and zoom by drag or by key. */

import "uplot/dist/uPlot.min.css";
import "./charts.css";

import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";

import { durationText } from "../api/words";
import { draw } from "./drawing";
import { type Axis, extentX, extentY, type Line, nearest, padded, type Window } from "./line";
import { tickText } from "./ticks";
import { type Hovered, Tooltip } from "./tooltip";

export interface PlotProps {
  lines: readonly Line[];
  axis: Axis;
  axisLabel: string;
  window: Window;
  onWindow: (window: Window) => void;
  band: boolean;
  logX: boolean;
  logY: boolean;
  height: number;
  /** What the plot shows, for those who do not see it. */
  label: string;
  /** Plots of one name show one cursor. */
  sync?: string | undefined;
  chosen?: string | null;
  onReady?: (canvas: HTMLCanvasElement | null) => void;
}

const NO_EXTENT = { min: 0, max: 1 };
const ZOOM_MIN_PX = 4;
const HOVERED_MAX = 12;

export function Plot(props: PlotProps) {
  const { axis, logX, logY, height, label, sync, window, onWindow } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const now = useRef(props);
  now.current = props;
  const [hovered, setHovered] = useState<Hovered | null>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(optionsOf(element, now, setHovered), dataOf(now.current), element);
    plot.current = made;
    now.current.onReady?.(made.ctx.canvas);
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth) made.setSize({ width: element.clientWidth, height });
    });
    sizes.observe(element);
    const themes = new MutationObserver(() => made.redraw(false, true));
    themes.observe(document.documentElement, { attributes: true });
    return () => {
      sizes.disconnect();
      themes.disconnect();
      now.current.onReady?.(null);
      made.destroy();
      plot.current = null;
    };
  }, [axis, logX, logY, height, sync]);

  const { lines, band, chosen } = props;
  useEffect(() => {
    plot.current?.setData(dataOf(now.current), true);
  }, [lines, band, chosen, window]);

  const onKeyDown = (event: React.KeyboardEvent) => {
    const next = windowByKey(event.key, props);
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      onWindow(next);
    }
  };
  return (
    <div
      className="plot"
      ref={box}
      role="img"
      aria-label={label}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onDoubleClick={() => onWindow([null, null])}
      onMouseLeave={() => setHovered(null)}
    >
      {hovered && <Tooltip hovered={hovered} axis={axis} axisLabel={props.axisLabel} />}
    </div>
  );
}

type Now = React.RefObject<PlotProps>;

function dataOf(props: PlotProps): uPlot.AlignedData {
  const [min, max] = rangeX(props);
  return [
    [min, max],
    [null, null],
  ];
}

function rangeX({ lines, window, logX }: PlotProps): [number, number] {
  const found = extentX(lines, logX) ?? NO_EXTENT;
  const min = window[0] ?? found.min;
  const max = window[1] ?? found.max;
  if (max > min) return [min, max];
  return logX ? [min / 2, min * 2] : [min - 0.5, min + 0.5];
}

function rangeY(props: PlotProps): [number, number] {
  const [from, to] = rangeX(props);
  const found = extentY(props.lines, from, to, props.logY, props.band);
  return padded(found ?? (props.logY ? { min: 1, max: 10 } : NO_EXTENT), props.logY);
}

/** Return the part of the axis that a key leads to; null: the key does nothing here. */
function windowByKey(key: string, props: PlotProps): Window | null {
  const [min, max] = rangeX(props);
  const span = max - min;
  const factor = { "+": 0.5, "=": 0.5, "-": 2 }[key];
  if (factor) {
    const middle = (min + max) / 2;
    return [middle - (span * factor) / 2, middle + (span * factor) / 2];
  }
  if (key === "0") return [null, null];
  const by = { ArrowLeft: -0.25, ArrowRight: 0.25 }[key];
  return by ? [min + span * by, max + span * by] : null;
}

function optionsOf(
  element: HTMLElement,
  now: Now,
  onHover: (hovered: Hovered | null) => void,
): uPlot.Options {
  const { axis, logX, logY, height, sync } = now.current;
  const token = (name: string) => () => getComputedStyle(element).getPropertyValue(name).trim();
  const font = () => `12px ${getComputedStyle(element).fontFamily}`;
  const shared: uPlot.Axis = {
    stroke: token("--ink-3"),
    grid: { stroke: token("--rule"), width: 1 },
    ticks: { show: false },
    font: font(),
    gap: 6,
  };
  const values = (_: uPlot, splits: number[], __: number, ___: number, distance: number) =>
    splits.map((one) => (one == null ? "" : tickText(one, distance)));
  const lasting = (_: uPlot, splits: number[]) => splits.map((one) => durationText(one));
  const xValues = axis === "time" ? {} : { values: axis === "relative" ? lasting : values };
  return {
    width: element.clientWidth || 300,
    height,
    ms: 1,
    legend: { show: false },
    scales: {
      x: { time: axis === "time", distr: logX ? 3 : 1, range: () => rangeX(now.current) },
      y: { distr: logY ? 3 : 1, range: () => rangeY(now.current) },
    },
    axes: [
      { ...shared, size: 28, ...xValues },
      { ...shared, size: widthOfLabels, ...(logY ? {} : { values }) },
    ],
    series: [{}, { show: true, paths: () => null, points: { show: false } }],
    cursor: {
      drag: { x: true, y: false, setScale: false },
      points: { show: false },
      y: false,
      ...(sync ? { sync: { key: sync, scales: ["x", null] } } : {}),
    },
    hooks: {
      draw: [
        (u) =>
          draw(u, {
            lines: now.current.lines,
            band: now.current.band,
            chosen: now.current.chosen ?? null,
            logX,
            logY,
          }),
      ],
      setSelect: [(u) => selected(u, now)],
      setCursor: [(u) => onHover(hoveredAt(u, now.current))],
    },
  };
}

function selected(u: uPlot, now: Now): void {
  const { left, width } = u.select;
  if (width < ZOOM_MIN_PX) return;
  const from = u.posToVal(left, "x");
  const to = u.posToVal(left + width, "x");
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  now.current.onWindow([from, to]);
}

function widthOfLabels(u: uPlot, values: string[] | null): number {
  const longest = (values ?? []).reduce((most, one) => (one.length > most.length ? one : most), "");
  u.ctx.save();
  u.ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(u.root).fontFamily}`;
  const width = u.ctx.measureText(longest).width / devicePixelRatio;
  u.ctx.restore();
  return Math.ceil(width) + 16;
}

/** Return what is under the cursor of this plot; null when it is another plot's cursor. */
function hoveredAt(u: uPlot, props: PlotProps): Hovered | null {
  const { left, top, event } = u.cursor;
  if (!event || left == null || top == null || left < 0) return null;
  const x = u.posToVal(left, "x");
  const y = u.posToVal(top, "y");
  const rows = [];
  for (const line of props.lines) {
    const at = nearest(line.x, x);
    const value = line.value[at];
    if (at < 0 || value == null) continue;
    const shown = line.smooth?.[at] ?? value;
    rows.push({ line, at, value, away: Math.abs(shown - y) });
  }
  if (!rows.length) return null;
  rows.sort((a, b) => a.away - b.away);
  return {
    left: left + u.bbox.left / devicePixelRatio,
    top: top + u.bbox.top / devicePixelRatio,
    width: u.width,
    rows: rows.slice(0, HOVERED_MAX),
    more: Math.max(0, rows.length - HOVERED_MAX),
  };
}
