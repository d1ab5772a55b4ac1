/** Today: what waits for you, what runs now, and what others did since you last looked. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { Command } from "../../parts/code";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Changes } from "./changes";
import { Running } from "./running";

import "./today.css";

type Waiting = components["schemas"]["Waiting"];

const LOOKED = "afield.looked";
const DAY_MS = 86_400_000;
/** Who comes back within this time has not been away. */
const AWAY_MS = 30 * 60_000;

/** Return since when things are new to this reader, as their browser remembers it. */
function sinceLooked(): string {
  const now = Date.now();
  const [since, last] = (localStorage.getItem(LOOKED) ?? "").split(" ").map(Number);
  const isBack = last !== undefined && now - last > AWAY_MS;
  const from = isBack ? last : (since ?? now - DAY_MS);
  return new Date(from || now - DAY_MS).toISOString();
}

function remember(since: string) {
  localStorage.setItem(LOOKED, `${new Date(since).getTime()} ${Date.now()}`);
}

export function TodayPage() {
  const [since, setSince] = useState(sinceLooked);
  useEffect(() => {
    remember(since);
    const tell = () => remember(since);
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [since]);
  const found = useQuery({
    queryKey: ["today"],
    queryFn: ({ signal }) => told(api.GET("/today", { signal })),
  });
  return (
    <Page title="Today" className="today">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <>
          <Waits waiting={found.data.waiting} />
          <section aria-label="Running now">
            <h2>
              Running now <span className="count">{found.data.running_total}</span>
            </h2>
            {found.data.running.length === 0 ? (
              <Empty title="Nothing runs." command="afield run python train.py" />
            ) : (
              <div className="today-running">
                {found.data.running.map((run) => (
                  <Running key={run.id} run={run} />
                ))}
              </div>
            )}
            {found.data.running_total > found.data.running.length && (
              <Link to="/runs" search={{ q: 'status = "running"' }}>
                All {found.data.running_total}
              </Link>
            )}
          </section>
        </>
      ) : (
        <div aria-busy="true" />
      )}
      <Changes since={since} onSince={setSince} />
    </Page>
  );
}

function Waits({ waiting }: { waiting: readonly Waiting[] }) {
  if (!waiting.length) return null;
  const devices = waiting.filter((one) => one.kind === "device");
  const others = waiting.filter((one) => one.kind === "disagreement");
  return (
    <section className="card today-waits" aria-label="Waits for you">
      <h2>
        Waits for you <span className="count">{waiting.length}</span>
      </h2>
      {devices.length > 0 && (
        <div>
          <p>
            {countText(devices.length, "device")} of a colleague{" "}
            {devices.length === 1 ? "is" : "are"} not confirmed, so that what{" "}
            {devices.length === 1 ? "it" : "they"} wrote does not count:{" "}
            {devices.map((one) => `${one.about.slice(0, 8)} (${one.detail})`).join(", ")}. Ask for
            the safety phrase by voice.
          </p>
          <Command text="afield join PHRASE" />
        </div>
      )}
      {others.length > 0 && (
        <ul>
          {others.map((one) => (
            <li key={`${one.about}${one.detail}`}>
              Changed on both sides: {one.about}: {one.detail}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
