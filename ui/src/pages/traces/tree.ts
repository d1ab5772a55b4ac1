/** Spans in the order of their tree, with their places on the time line of the trace. Pure. */

import type { components } from "../../api/schema";

export type Span = components["schemas"]["TraceSpan"];

export interface Placed {
  span: Span;
  depth: number;
  /** From where to where it went, as parts of the whole; a span that goes on ends with it. */
  from: number;
  until: number;
  /** Milliseconds; null while it goes on. */
  tookMs: number | null;
}

/** Return the spans, each below its parent, in the order in which they began. */
export function placed(spans: readonly Span[]): Placed[] {
  const ids = new Set(spans.map((one) => one.id));
  const below = new Map<string | null, Span[]>();
  for (const one of [...spans].sort((a, b) => a.start_ns - b.start_ns)) {
    const parent = one.parent !== null && ids.has(one.parent) ? one.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), one]);
  }
  const first = Math.min(...spans.map((one) => one.start_ns));
  const last = Math.max(...spans.map((one) => one.end_ns ?? one.start_ns));
  const whole = last - first || 1;
  const found: Placed[] = [];
  const seen = new Set<string>();
  const walk = (some: readonly Span[], depth: number) => {
    for (const span of some) {
      if (seen.has(span.id)) continue;
      seen.add(span.id);
      found.push({
        span,
        depth,
        from: (span.start_ns - first) / whole,
        until: ((span.end_ns ?? last) - first) / whole,
        tookMs: span.end_ns === null ? null : (span.end_ns - span.start_ns) / 1e6,
      });
      walk(below.get(span.id) ?? [], depth + 1);
    }
  };
  walk(below.get(null) ?? [], 0);
  walk(spans, 0); // a ring has no top
  return found;
}

const INPUTS = "mlflow.spanInputs";
const OUTPUTS = "mlflow.spanOutputs";

/** Return what a span took in, what it gave out, and all else that it says. */
export function told({ attributes }: Span): {
  inputs: unknown;
  outputs: unknown;
  rest: [string, unknown][];
} {
  const rest = Object.entries(attributes).filter(([name]) => name !== INPUTS && name !== OUTPUTS);
  return { inputs: attributes[INPUTS], outputs: attributes[OUTPUTS], rest };
}

/** Return a value as people read it: texts as they are, all else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Return milliseconds as people read them. */
export function tookText(ms: number | null): string {
  if (ms === null) return "goes on";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
