/** The API as the page asks it: typed by the OpenAPI document, refusals as `ApiFault`. */

import createClient from "openapi-fetch";

import type { paths } from "./schema";
import { logIn, send } from "./send";

/** A refusal of the server: its problem document. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string | null,
  ) {
    super(message);
    this.name = "ApiFault";
  }
}

export const api = createClient<paths>({
  baseUrl: "/api/v1",
  fetch: send,
  querySerializer: { array: { style: "form", explode: true } },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return what the server told; what it refuses is thrown as `ApiFault`. */
export async function told<T>(asking: Promise<Answer<T>>): Promise<NonNullable<T>> {
  let answer: Answer<T>;
  try {
    answer = await asking;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiFault(0, "unreachable", "The server does not answer.", "afield up");
  }
  if (answer.response.ok) return (answer.data ?? null) as NonNullable<T>;
  if (answer.response.status === 401) void logIn();
  throw faultOf(answer.response.status, answer.error);
}

/** Return the fault that a problem document tells of. */
export function faultOf(status: number, body: unknown): ApiFault {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  const text = (key: string) => (typeof problem[key] === "string" ? problem[key] : null);
  const why = text("detail") ?? text("title") ?? `The server answered with status ${status}.`;
  return new ApiFault(status, text("code") ?? "unknown", why, text("hint"));
}
