/** How charts are looked at, as it stands in an address: each setting only where it is unusual. */

import type { Axis, Window } from "./line";

export interface ChartView {
  axis: Axis;
  xMetric: string;
  /** The weight of what came before in the moving average; 0: none. */
  smooth: number;
  logX: boolean;
  logY: boolean;
  band: boolean;
  window: Window;
}

export interface ChartSearch {
  x?: string;
  smooth?: number;
  log?: string;
  band?: boolean;
  zoom?: string;
}

const AXES: readonly string[] = ["step", "time", "relative"];

/** Return a view from what an address says; what makes no sense is as if it were not there. */
export function viewOf(search: ChartSearch): ChartView {
  const x = search.x ?? "step";
  const log = search.log ?? "";
  const smooth = Number(search.smooth ?? 0);
  const isAxis = AXES.includes(x);
  return {
    axis: isAxis ? (x as Axis) : "metric",
    xMetric: isAxis ? "" : x,
    smooth: smooth > 0 && smooth < 1 ? smooth : 0,
    logX: log.includes("x"),
    logY: log.includes("y"),
    band: search.band ?? true,
    window: windowOf(search.zoom),
  };
}

/** Return what an address is to say of a view; undefined for what is as usual. */
export function searchOf(view: ChartView): {
  [key in keyof ChartSearch]-?: ChartSearch[key] | undefined;
} {
  const x = view.axis === "metric" ? view.xMetric : view.axis;
  const log = (view.logX ? "x" : "") + (view.logY ? "y" : "");
  const [from, to] = view.window;
  return {
    x: x === "step" ? undefined : x,
    smooth: view.smooth || undefined,
    log: log || undefined,
    band: view.band ? undefined : false,
    zoom: from === null && to === null ? undefined : `${short(from)}~${short(to)}`,
  };
}

function windowOf(text: string | undefined): Window {
  const [from = "", to = ""] = (text ?? "").split("~");
  return [numberOf(from), numberOf(to)];
}

function numberOf(text: string): number | null {
  const value = Number(text);
  return text && Number.isFinite(value) ? value : null;
}

function short(value: number | null): string {
  return value === null ? "" : String(Number(value.toPrecision(10)));
}

/** Return what the axis is called. */
export function axisLabel(view: ChartView): string {
  return { step: "step", time: "time", relative: "since start", metric: view.xMetric }[view.axis];
}
