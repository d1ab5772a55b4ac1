/** What failed, why, and what to do. */

import { ApiFault } from "../api";
import { Command } from "./code";

export function ErrorNote({ error, onAgain }: { error: unknown; onAgain?: () => void }) {
  const fault = error instanceof ApiFault ? error : null;
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="error-note" role="alert">
      <p className="error-text">{message}</p>
      {fault?.hint && (
        <p>
          {/^(afield|make|pip|git) /.test(fault.hint) ? <Command text={fault.hint} /> : fault.hint}
        </p>
      )}
      {fault?.code === "accounts.factor_needed" && (
        <a href="/account" className="button">
          Set it up
        </a>
      )}
      {onAgain && (
        <button type="button" className="button" onClick={onAgain}>
          Try again
        </button>
      )}
      {fault && <p className="faint">{fault.code}</p>}
    </div>
  );
}
