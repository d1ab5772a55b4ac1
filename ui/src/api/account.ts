/** What a hub tells somebody of their own account, and takes; its paths are in accounts.openapi.json. */

import { ApiFault, faultOf } from ".";
import { logIn, send } from "./send";

export interface Account {
  username: string;
  password: boolean;
  second_factor: boolean;
  recovery_codes: number;
}

export interface Channel {
  id: string;
  way: string;
  to: string;
  made_ms: number;
  tried_ms: number | null;
  why: string | null;
  secret?: string | null;
}

export interface Channels {
  ways: string[];
  channels: Channel[];
}

export interface SessionOf {
  id: string;
  made_ms: number;
  used_ms: number;
  agent: string;
  address: string;
  how: string;
  this: boolean;
}

export interface Token {
  id: string;
  name: string;
  project: string | null;
  expires_ms: number;
  used_ms: number | null;
  token?: string;
}

export interface Passkey {
  id: string;
  name: string;
  made_ms: number;
  used_ms: number | null;
}

type Method = "GET" | "POST" | "DELETE";

/** Ask a hub about the own account; what it refuses is thrown as `ApiFault`. */
export async function asked<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const how: RequestInit = { method, signal: signal ?? null };
  if (body !== undefined) {
    how.body = JSON.stringify(body);
    how.headers = { "content-type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await send(new Request(`/api/v1${path}`, how));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiFault(0, "unreachable", "The server does not answer.", null);
  }
  if (answer.status === 401 && path !== "/logout") void logIn();
  const said: unknown = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw faultOf(answer.status, said);
  return said as T;
}

interface Begun {
  ticket: string;
  options: { publicKey: Record<string, unknown> };
}

/** Have the browser make a passkey, and tell the hub of it. */
export async function addPasskey(name: string): Promise<void> {
  const { ticket, options } = await asked<Begun>("POST", "/account/passkeys/begin", {});
  const { publicKey } = options;
  const user = publicKey.user as Record<string, unknown>;
  const known = (publicKey.excludeCredentials ?? []) as { id: string }[];
  const made = (await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: bytesOf(String(publicKey.challenge)),
      user: { ...user, id: bytesOf(String(user.id)) },
      excludeCredentials: known.map((one) => ({ ...one, id: bytesOf(one.id) })),
    } as unknown as PublicKeyCredentialCreationOptions,
  })) as PublicKeyCredential | null;
  if (made === null) return;
  const response = made.response as AuthenticatorAttestationResponse;
  await asked("POST", "/account/passkeys", {
    ticket,
    name,
    answer: {
      id: made.id,
      rawId: textOf(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: textOf(response.clientDataJSON),
        attestationObject: textOf(response.attestationObject),
      },
    },
  });
}

function bytesOf(text: string): Uint8Array {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function textOf(buffer: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
