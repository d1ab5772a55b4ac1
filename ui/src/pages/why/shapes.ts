/** A trace as the page reads it: the facts of each kind of thing, and where the thing is shown. */

import { addressOfLink } from "../../api/links";
import type { components } from "../../api/schema";

export type WhyNode = components["schemas"]["WhyNode"];

export interface RunFacts {
  status?: string;
  exception?: string | null;
  params?: Record<string, unknown>;
  command?: string[] | null;
  code?: {
    commit: string | null;
    branch: string | null;
    dirty: boolean | null;
    files: number | null;
  } | null;
  environment?: { python: string | null; packages: number | null } | null;
  reproductions?: { run: string; verdict: string; cause: string | null; at: string; by: string }[];
}

export interface DataFacts {
  files?: number;
  size_bytes?: number;
  message?: string | null;
  source?: { kind: string; key: string } | null;
  card?: { fields: Record<string, string | null>; missing: string[] };
}

export interface ModelFacts {
  stage?: string;
  source?: string;
  description?: string | null;
}

export interface MetricFacts {
  last: number | null;
  min: number | null;
  max: number | null;
  count: number;
}

export interface Via {
  as?: "reproduces" | "parent" | "in";
  paths?: string[];
  files?: number;
}

const METRICS = ":metrics.";

/** Return where a thing of a trace is shown; null where no page shows it. */
export function addressOfNode(node: WhyNode): string | null {
  if (node.kind === "data") return `/data/${encodeURIComponent(node.label)}`;
  if (node.kind === "model") return addressOfLink(`model:${node.label}`);
  if (node.kind === "file") return null;
  if (node.kind !== "metric") return addressOfLink(`${node.kind}:${node.id}`);
  const [run = "", name = ""] = node.id.split(METRICS);
  return `/runs/${encodeURIComponent(run)}?${new URLSearchParams({ tab: "charts", full: name })}`;
}

/** Return the words that ask for the trace of a thing of a trace. */
export function askingOf(node: WhyNode): string {
  if (node.kind === "file") return node.id;
  if (node.kind === "data" || node.kind === "model") return `${node.kind}:${node.label}`;
  return node.kind === "metric" ? node.id : `${node.kind}:${node.id}`;
}

/** Return what names a node on the page. */
export function anchorOf(node: WhyNode): string {
  return `why-${node.kind}-${node.id}`;
}
