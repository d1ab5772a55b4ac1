/** Codes of an app beside the password: set up with a picture to scan, and taken away. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { encode } from "uqr";

import { type Account, asked } from "../../api/account";
import { forgetSession } from "../../api/send";
import { countText } from "../../api/words";
import { Code } from "../../parts/code";
import { Refusal } from "./refusal";

const AT = "/account/totp";

export function SecondFactor({ account }: { account: Account }) {
  const [codes, setCodes] = useState<string[] | null>(null);
  return (
    <section className="card" aria-label="Second factor">
      <h2>Second factor</h2>
      {account.second_factor ? (
        <Has account={account} onCodes={setCodes} />
      ) : (
        <SetUp onCodes={setCodes} />
      )}
      {codes && (
        <div className="account-once">
          <p>Recovery codes, each good once, for when the app is lost. They are shown once:</p>
          <Code text={codes.join("\n")} label="Recovery codes" />
        </div>
      )}
    </section>
  );
}

interface CodesProps {
  onCodes: (codes: string[]) => void;
}

function SetUp({ onCodes }: CodesProps) {
  const queries = useQueryClient();
  const begin = useMutation({
    mutationFn: () => asked<{ secret: string; uri: string }>("POST", `${AT}/begin`),
  });
  const confirm = useMutation({
    mutationFn: (code: string) => asked<{ recovery_codes: string[] }>("POST", AT, { code }),
    onSuccess: async (said) => {
      forgetSession();
      onCodes(said.recovery_codes);
      await queries.invalidateQueries();
    },
  });
  if (!begin.data)
    return (
      <>
        <p className="hint">
          Your password alone lets you in. With a code of an app as well, a password that leaked
          opens nothing.
        </p>
        <button
          type="button"
          className="button primary"
          disabled={begin.isPending}
          onClick={() => begin.mutate()}
        >
          Set it up
        </button>
        <Refusal error={begin.error} />
      </>
    );
  return (
    <div className="account-factor">
      <Picture text={begin.data.uri} />
      <div>
        <p>Scan this with an authenticator app, or type its secret there:</p>
        <Code text={begin.data.secret} label="The secret" />
        <CodeForm button="Ask for codes from now on" onCode={confirm.mutate} />
        <Refusal error={confirm.error} />
      </div>
    </div>
  );
}

function Has({ account, onCodes }: CodesProps & { account: Account }) {
  const queries = useQueryClient();
  const [what, setWhat] = useState<"drop" | "codes" | null>(null);
  const act = useMutation({
    mutationFn: (code: string) =>
      what === "drop"
        ? asked<null>("DELETE", AT, { code })
        : asked<{ recovery_codes: string[] }>("POST", "/account/recovery-codes", { code }),
    onSuccess: async (said) => {
      if (said) onCodes(said.recovery_codes);
      setWhat(null);
      await queries.invalidateQueries({ queryKey: ["account"] });
    },
  });
  return (
    <>
      <p>
        A code is asked for when you log in with your password.{" "}
        {countText(account.recovery_codes, "recovery code")} left.
      </p>
      {what === null ? (
        <div className="bar">
          <button type="button" className="button" onClick={() => setWhat("codes")}>
            New recovery codes
          </button>
          <button type="button" className="button" onClick={() => setWhat("drop")}>
            Take it away
          </button>
        </div>
      ) : (
        <>
          <CodeForm
            button={what === "drop" ? "Ask for codes no more" : "Make new recovery codes"}
            onCode={act.mutate}
          />
          <Refusal error={act.error} />
        </>
      )}
    </>
  );
}

function CodeForm({ button, onCode }: { button: string; onCode: (code: string) => void }) {
  const [code, setCode] = useState("");
  return (
    <form
      className="account-form"
      onSubmit={(event) => {
        event.preventDefault();
        onCode(code.trim());
      }}
    >
      <label>
        Code that the app shows
        <input
          required
          value={code}
          inputMode="numeric"
          autoComplete="one-time-code"
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <button type="submit" className="button primary">
        {button}
      </button>
    </form>
  );
}

/** A QR code, dark on light in every theme: cameras read no other. */
function Picture({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      className="account-picture"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="The secret as a picture to scan"
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} className="account-light" />
      <path d={path} className="account-dark" />
    </svg>
  );
}
