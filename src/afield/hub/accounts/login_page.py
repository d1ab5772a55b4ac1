"""The page to log in at: one form, and a script of its own that sends it. Loads nothing else."""

from __future__ import annotations

CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in to Afield</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem }
label, button { display: block; width: 100%; margin-top: 1rem }
input { width: 100%; box-sizing: border-box; font: inherit; padding: .5rem }
button { font: inherit; padding: .6rem }
#said { min-height: 1.5rem; color: #a00 }
</style>
<h1>Afield</h1>
<form id="login" method="post" action="/login">
  <label id="name">Name <input name="username" autocomplete="username" required autofocus></label>
  <label>Password
    <input name="password" type="password" autocomplete="current-password" required></label>
  <label id="second" hidden>Code of your second factor
    <input name="code" inputmode="numeric" autocomplete="one-time-code"></label>
  <p id="said" role="alert"></p>
  <button>Log in</button>
</form>
<button id="passkey" hidden>Use a passkey</button>
<button id="oidc" hidden>Use your organisation's login</button>
<script src="/login.js"></script>
</html>
"""

SCRIPT = """\
"use strict";
const at = (id) => document.getElementById(id);
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
};
const tell = (fault) => {
  if (fault.code === "accounts.code_needed") at("second").hidden = false;
  at("said").textContent = fault.detail || fault.title || "that did not work";
};
// A one-time code stands behind `#`, which browsers send nowhere: /login#claim=… or #invite=….
const [, kind, oneTime] = /^#(claim|invite)=(.+)$/.exec(location.hash) || [];
if (oneTime) {
  document.querySelector("h1").textContent = "Make your account";
  at("name").hidden = kind === "invite";
  at("login").elements.username.required = kind === "claim";
  at("login").elements.password.autocomplete = "new-password";
  at("login").querySelector("button").textContent = "Make it";
  history.replaceState(null, "", location.pathname);
}
const enter = (form) => {
  const password = form.get("password");
  const username = form.get("username");
  if (kind === "claim") return post("/api/v1/claim", { code: oneTime, username, password });
  if (kind === "invite") return post("/api/v1/invitations/accept", { code: oneTime, password });
  return post("/api/v1/login", { username, password, code: form.get("code") || null });
};
const raw = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");

at("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  try {
    await enter(form);
    location.assign("/");
  } catch (fault) { tell(fault); }
});

at("passkey").addEventListener("click", async () => {
  try {
    const { ticket, options } = await post("/api/v1/login/passkey/begin", {});
    const publicKey = { ...options.publicKey, challenge: raw(options.publicKey.challenge) };
    const found = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
    await post("/api/v1/login/passkey/finish", {
      ticket,
      answer: {
        id: found.id, rawId: text(found.rawId), type: found.type,
        response: {
          clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData),
          signature: text(signature), userHandle: userHandle ? text(userHandle) : null,
        },
      },
    });
    location.assign("/");
  } catch (fault) { tell(fault); }
});

at("oidc").addEventListener("click", async () => {
  try {
    location.assign((await post("/api/v1/login/oidc", {})).url);
  } catch (fault) { tell(fault); }
});

fetch("/api/v1/login/ways").then((answer) => answer.json()).then(({ ways }) => {
  at("passkey").hidden = !(ways.includes("passkey") && window.PublicKeyCredential);
  at("oidc").hidden = !ways.includes("oidc");
});
"""
