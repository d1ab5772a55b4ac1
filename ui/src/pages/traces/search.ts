/** Every state of the pages of traces, as it stands in their addresses. */

export const STATES = ["OK", "ERROR", "IN_PROGRESS"] as const;

export interface TracesSearch {
  state?: (typeof STATES)[number];
  /** The name of an experiment. */
  experiment?: string;
}

export interface TraceSearch {
  /** The id of the span that is open; the first without it. */
  span?: string;
}

/** Return what an address says; what makes no sense is left out. */
export function readTracesSearch(given: Record<string, unknown>): TracesSearch {
  const state = STATES.find((one) => one === given.state);
  const { experiment } = given;
  return {
    ...(state && { state }),
    ...(experiment === undefined || experiment === "" ? {} : { experiment: String(experiment) }),
  };
}

/** Return what an address says; what makes no sense is left out. */
export function readTraceSearch(given: Record<string, unknown>): TraceSearch {
  const { span } = given;
  return typeof span === "string" || typeof span === "number" ? { span: String(span) } : {};
}
