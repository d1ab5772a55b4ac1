/** The ways by which the hub tells somebody what waits for them: added, tried, taken away. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { asked, type Channel, type Channels as Found } from "../../api/account";
import { Code } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { Refusal } from "./refusal";
import { Row } from "./row";

const AT = "/account/channels";

export function Channels() {
  const [fresh, setFresh] = useState<Channel | null>(null);
  const found = useQuery({
    queryKey: ["account", "channels"],
    queryFn: ({ signal }) => asked<Found>("GET", AT, undefined, signal),
  });
  return (
    <section className="card" aria-label="Being told">
      <h2>Being told</h2>
      <p className="hint">
        What waits for you is brought by these ways, once by each, and the digest as your day
        starts. Your quiet hours hold everything but what pages you while you are on call.
      </p>
      {found.error && <ErrorNote error={found.error} />}
      {found.data && (
        <>
          <ul className="account-list">
            {found.data.channels.map((one) => (
              <Way key={one.id} one={one} />
            ))}
          </ul>
          {fresh?.secret && (
            <div className="account-once">
              <p>What is posted to {fresh.to} is signed with this secret. It is shown once:</p>
              <Code text={fresh.secret} label="The secret" />
            </div>
          )}
          <Add ways={found.data.ways} onDone={setFresh} />
        </>
      )}
    </section>
  );
}

function Way({ one }: { one: Channel }) {
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: ["account", "channels"] });
  const attempt = useMutation({
    mutationFn: () => asked("POST", `${AT}/${one.id}/try`),
    onSettled: again,
  });
  const drop = useMutation({
    mutationFn: () => asked("DELETE", `${AT}/${one.id}`),
    onSuccess: again,
  });
  return (
    <>
      <Row
        what={
          <>
            <b>{one.way}</b> <span className="account-to">{one.to}</span>
          </>
        }
        about={<Last one={one} />}
        more={
          <button
            type="button"
            className="button"
            disabled={attempt.isPending}
            onClick={() => attempt.mutate()}
          >
            Try it
          </button>
        }
        end={{ label: "Remove", isBusy: drop.isPending, run: () => drop.mutate() }}
      />
      <Refusal error={drop.error} />
    </>
  );
}

/** What came of the last time that a way was asked to take something. */
function Last({ one }: { one: Channel }) {
  if (one.tried_ms === null) return "nothing was brought yet";
  if (one.why !== null)
    return (
      <span className="account-bad">
        {one.why}, <Time at={one.tried_ms} />
      </span>
    );
  return (
    <>
      took something <Time at={one.tried_ms} />
    </>
  );
}

function Add({ ways, onDone }: { ways: string[]; onDone: (made: Channel) => void }) {
  const queries = useQueryClient();
  const [way, setWay] = useState(ways[0] ?? "webhook");
  const [to, setTo] = useState("");
  const add = useMutation({
    mutationFn: () => asked<Channel>("POST", AT, { way, to }),
    onSuccess: async (made) => {
      setTo("");
      onDone(made);
      await queries.invalidateQueries({ queryKey: ["account", "channels"] });
    },
  });
  return (
    <form
      className="account-form"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <label>
        By
        <select value={way} onChange={(event) => setWay(event.target.value)}>
          {ways.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label className="account-wide">
        {way === "webhook" ? "Address that posts go to" : "Who is meant there"}
        <input
          required
          value={to}
          type={way === "webhook" ? "url" : "text"}
          placeholder={way === "webhook" ? undefined : "ann@example.org"}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      <button type="submit" className="button primary" disabled={add.isPending}>
        Add
      </button>
      <Refusal error={add.error} />
    </form>
  );
}
