"""The one script of the pages to come in by: a code behind `#` into its field, and passkeys.

The pages work without it; a browser has no other way to a passkey.
"""

from __future__ import annotations

SCRIPT = """\
"use strict";
const at = (id) => document.getElementById(id);
// A one-time code stands behind `#`, which browsers send nowhere: /claim#CODE.
if (location.hash.length > 1 && location.pathname !== "/login" && at("code")) {
  at("code").value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  const empty = document.querySelector("main input:placeholder-shown, main input[name=password]");
  (at("username") || empty).focus();
}
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
};
const raw = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");

const enter = async () => {
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
};
const button = at("passkey");
if (button && window.PublicKeyCredential) {
  button.hidden = false;
  button.addEventListener("click", () => enter().catch((fault) => {
    at("fault").textContent = fault.detail || "No passkey was used.";
  }));
}
"""
