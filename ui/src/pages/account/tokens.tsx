/** What the reader's scripts log in with: made, told once, revoked. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { asked, type Token } from "../../api/account";
import { Code } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { Refusal } from "./refusal";
import { Row } from "./row";

const KEY = ["account", "tokens"];
const DAYS = 90;

export function Tokens() {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  const [name, setName] = useState("");
  const [days, setDays] = useState(DAYS);
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => asked<{ tokens: Token[] }>("GET", "/tokens", undefined, signal),
  });
  const make = useMutation({
    mutationFn: () => asked<Token>("POST", "/tokens", { name, days }),
    onSuccess: () => {
      setName("");
      return again();
    },
  });
  const revoke = useMutation({
    mutationFn: (id: string) => asked("DELETE", `/tokens/${id}`),
    onSuccess: again,
  });
  return (
    <section className="card" aria-label="Tokens">
      <h2>Tokens</h2>
      <p className="hint">For scripts, MLflow’s client and jobs: what one does, you did.</p>
      {found.error && <ErrorNote error={found.error} />}
      <ul className="account-list">
        {found.data?.tokens.map((one) => (
          <Row
            key={one.id}
            what={<b>{one.name}</b>}
            about={
              <>
                {one.project !== null && `${one.project}, `}good until <Time at={one.expires_ms} />
                {one.used_ms === null ? (
                  ", never used"
                ) : (
                  <>
                    , used <Time at={one.used_ms} />
                  </>
                )}
              </>
            }
            end={{ label: "Revoke", isBusy: revoke.isPending, run: () => revoke.mutate(one.id) }}
          />
        ))}
      </ul>
      <Refusal error={revoke.error} />
      {make.data?.token && (
        <div className="account-once">
          <p>The token {make.data.name}. It is shown once:</p>
          <Code text={make.data.token} label="The token" />
        </div>
      )}
      <form
        className="account-form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <label>
          What it is for
          <input
            required
            value={name}
            maxLength={100}
            placeholder="nightly training"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          Days
          <input
            required
            type="number"
            min={1}
            max={366}
            value={days}
            onChange={(event) => setDays(event.target.valueAsNumber || DAYS)}
          />
        </label>
        <button type="submit" className="button" disabled={make.isPending}>
          Make a token
        </button>
        <Refusal error={make.error} />
      </form>
    </section>
  );
}
