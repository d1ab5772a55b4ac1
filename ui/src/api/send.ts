/**
 * How a request leaves the page: what writes carries the word of its session, which a hub asks for.
 *
 * A hub tells it at `/api/v1/session`; a server without accounts has no such place and asks for none,
 * which `/api/v1/me` tells.
 */

const HEADER = "x-afield-csrf";
const REFUSED = "accounts.cross_site";
const BACK = "afield.back";

let word: Promise<string | null> | null = null;

/** Send a request; one that is refused since another session has begun is sent again, once. */
export async function send(request: Request): Promise<Response> {
  if (request.method === "GET" || request.method === "HEAD") return fetch(request);
  const again = request.clone();
  const answer = await fetch(await worded(request));
  if (answer.status !== 403 || !(await isRefused(answer.clone()))) return answer;
  word = null;
  return fetch(await worded(again));
}

/** Forget the word: the next write asks for it anew. */
export function forgetSession(): void {
  word = null;
}

/** Go to where one logs in; who has done so comes back to where they are now. */
export async function logIn(): Promise<void> {
  const now = await fetch("/api/v1/session").catch(() => null);
  if (now?.ok) return location.reload(); // they have done so meanwhile, in another tab
  sessionStorage.setItem(BACK, location.pathname + location.search);
  location.assign("/login");
}

/** Return where somebody was who had to log in first, once; null: nowhere. */
export function takeBack(): string | null {
  const found = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  return found?.startsWith("/") && !found.startsWith("//") ? found : null;
}

async function worded(request: Request): Promise<Request> {
  word ??= askWord().catch(() => {
    word = null;
    return null;
  });
  const found = await word;
  if (found !== null) request.headers.set(HEADER, found);
  return request;
}

async function askWord(): Promise<string | null> {
  const me = await answered("/api/v1/me");
  if (me && me.how !== "session") return null; // at a hub it may be refused until more is set up
  const session = await answered("/api/v1/session");
  return typeof session?.csrf === "string" ? session.csrf : null;
}

async function answered(path: string): Promise<Record<string, unknown> | null> {
  const answer = await fetch(path);
  return answer.ok ? ((await answer.json()) as Record<string, unknown>) : null;
}

async function isRefused(answer: Response): Promise<boolean> {
  try {
    return ((await answer.json()) as { code?: unknown }).code === REFUSED;
  } catch {
    return false;
  }
}
