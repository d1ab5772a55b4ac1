/** Keys of the reader's devices, by which they log in without a password. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { addPasskey, asked, type Passkey } from "../../api/account";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { Refusal } from "./refusal";
import { Row } from "./row";

const KEY = ["account", "passkeys"];
const AT = "/account/passkeys";

export function Passkeys() {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: KEY });
  const [name, setName] = useState("");
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => asked<{ passkeys: Passkey[] }>("GET", AT, undefined, signal),
  });
  const add = useMutation({
    mutationFn: () => addPasskey(name || "passkey"),
    onSuccess: () => {
      setName("");
      return again();
    },
  });
  const drop = useMutation({
    mutationFn: (id: string) => asked("DELETE", `${AT}/${encodeURIComponent(id)}`),
    onSuccess: again,
  });
  return (
    <section className="card" aria-label="Passkeys">
      <h2>Passkeys</h2>
      <p className="hint">
        A key in your phone, your laptop or a stick: you log in by it, with no password and no code.
      </p>
      {found.error && <ErrorNote error={found.error} />}
      <ul className="account-list">
        {found.data?.passkeys.map((one) => (
          <Row
            key={one.id}
            what={<b>{one.name}</b>}
            about={
              <>
                since <Time at={one.made_ms} />
                {one.used_ms !== null && (
                  <>
                    , used <Time at={one.used_ms} />
                  </>
                )}
              </>
            }
            end={{ label: "Remove", isBusy: drop.isPending, run: () => drop.mutate(one.id) }}
          />
        ))}
      </ul>
      <Refusal error={drop.error} />
      {"credentials" in navigator && (
        <form
          className="account-form"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <label>
            What you call it
            <input
              value={name}
              maxLength={100}
              placeholder="my laptop"
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <button type="submit" className="button" disabled={add.isPending}>
            Add a passkey
          </button>
          <Refusal error={add.error} />
        </form>
      )}
    </section>
  );
}
