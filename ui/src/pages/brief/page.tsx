/** The brief: what needs the reader, then what the others decided, found, broke and said. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { dateText } from "../../api/words";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Time } from "../../parts/time";
import { useActions } from "../../shell/actions";
import { Digest } from "./digest";
import { Lines } from "./lines";
import { Standup } from "./standup";
import type { BriefSearch } from "./search";

import "./brief.css";

type BriefShape = components["schemas"]["Brief"];

const SINCE: readonly [string, string][] = [
  ["", "since you last looked"],
  ["away", "since you stopped working"],
  ["8h", "in 8 hours"],
  ["1d", "in a day"],
  ["3d", "in 3 days"],
  ["2w", "in 2 weeks"],
];
const HEADS: Record<string, string> = {
  waits: "Needs you",
  decisions: "Decisions",
  said: "Said to you",
  results: "Results",
  failures: "Failed",
  team: "The team",
  data: "Data and models",
  runs: "Runs",
};

export function BriefPage() {
  const { since = "" }: BriefSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["brief", since],
    queryFn: ({ signal }) =>
      told(api.GET("/brief", { params: { query: since ? { since } : {} }, signal })),
  });
  const looked = useMutation({
    mutationFn: (until_ms: number) => told(api.POST("/brief/looked", { body: { until_ms } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["brief"] }),
  });
  const until = found.data?.until_ms;
  useActions([
    {
      group: "Brief",
      label: "Say that you have seen it",
      keys: "e",
      run: () => until !== undefined && looked.mutate(until),
    },
  ]);
  const [isDigest, setDigest] = useState(false);
  return (
    <Page
      title="Brief"
      className="brief"
      tools={
        <>
          <select
            aria-label="How far back"
            value={since}
            onChange={(event) =>
              void navigate({
                to: "/brief",
                search: event.target.value ? { since: event.target.value } : {},
                replace: true,
              })
            }
          >
            {SINCE.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
            {!SINCE.some(([value]) => value === since) && <option value={since}>{since}</option>}
          </select>
          <button
            type="button"
            className="button"
            disabled={until === undefined || looked.isPending}
            onClick={() => until !== undefined && looked.mutate(until)}
          >
            I have seen it
          </button>
        </>
      }
    >
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <div className="brief-columns">
          <div>
            <Told brief={found.data} />
          </div>
          <aside className="brief-aside">
            <Standup isDue={found.data.standup_due} />
            <button
              type="button"
              className="button"
              aria-expanded={isDigest}
              onClick={() => setDigest(!isDigest)}
            >
              What the others said
            </button>
            {isDigest && <Digest />}
          </aside>
        </div>
      ) : (
        <div aria-busy="true" />
      )}
    </Page>
  );
}

function Told({ brief }: { brief: BriefShape }) {
  return (
    <>
      <p className="hint brief-since">
        From {dateText(new Date(brief.since_ms), false)} on. <Holds brief={brief} />
      </p>
      {brief.sections.length === 0 && (
        <Empty title="Nothing changed." command="afield sync">
          What the others did comes with the next exchange.
        </Empty>
      )}
      {brief.sections.map((section) => (
        <section
          key={section.name}
          aria-label={HEADS[section.name]}
          className={section.name === "waits" ? "card brief-waits" : undefined}
        >
          <h2>
            {HEADS[section.name] ?? section.name}{" "}
            <span className="count">{section.lines.length + section.more}</span>
          </h2>
          <Lines lines={section.lines} />
          {section.more > 0 && <p className="hint">… and {section.more} more</p>}
        </section>
      ))}
    </>
  );
}

function Holds({ brief }: { brief: BriefShape }) {
  if (brief.holds_until_ms === null) return <>Only your own work is here.</>;
  const names = brief.unheard.map((one) => one.name);
  return (
    <>
      Holds what others did up to <Time at={new Date(brief.holds_until_ms).toISOString()} />.
      {names.length > 0 && ` Nothing heard for three days of ${names.join(", ")}.`}
    </>
  );
}
