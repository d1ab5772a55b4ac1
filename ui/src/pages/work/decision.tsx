/** One decision: what it is about, what speaks for it, until when who may comment, what came of it. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { dateText } from "../../api/words";
import { Badge } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Thread } from "../../parts/thread";
import { Say, type Saying } from "../../parts/say";
import { Links, State } from "./item";

import "./work.css";

type Decision = components["schemas"]["Decision"];

const PROSE = [
  ["context", "Context"],
  ["drivers", "Drivers"],
  ["options", "Options"],
  ["outcome", "Outcome"],
  ["consequences", "Consequences"],
  ["confirmation", "Confirmation"],
] as const;
const PEOPLE = [
  ["deciders", "decides"],
  ["consulted", "is consulted"],
  ["informed", "is informed"],
] as const;

export function DecisionPage() {
  const { item = "" } = useParams({ strict: false });
  const found = useQuery({
    queryKey: ["decision", item],
    queryFn: ({ signal }) =>
      told(api.GET("/decisions/{item}", { params: { path: { item } }, signal })),
  });
  const one = found.data;
  return (
    <Page title={one?.title ?? "Decision"} tools={one && <Marks one={one} />}>
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {one ? <Told one={one} /> : <div aria-busy={!found.error} />}
    </Page>
  );
}

function Marks({ one }: { one: Decision }) {
  return (
    <>
      <Badge tone={one.way === "one-way" ? "warn" : "quiet"}>
        {one.way === "one-way" ? "no way back" : "can be undone"}
      </Badge>
      <State state={one.state} />
    </>
  );
}

function Told({ one }: { one: Decision }) {
  const sayings = sayingsOf(one);
  return (
    <div className="work-one">
      <p className="hint">
        by {one.by}
        {PEOPLE.map(([field, verb]) =>
          one[field].map((member) => ` · ${one.names[member] ?? member} ${verb}`),
        )}
        {one.review && ` · looked at again on ${one.review}`}
      </p>
      {PROSE.map(
        ([field, head]) =>
          one[field] && (
            <section key={field}>
              <h2>{head}</h2>
              <p>{one[field]}</p>
            </section>
          ),
      )}
      <Linked head="Evidence" links={one.evidence} labels={one.labels} />
      <Linked head="Supersedes" links={one.supersedes} labels={one.labels} />
      <Linked head="Superseded by" links={one.superseded_by} labels={one.labels} />
      {one.windows.length > 0 && (
        <section>
          <h2>Time for comments</h2>
          <ul className="work-rows">
            {one.windows.map((each) => (
              <li key={each.member}>
                {each.name}{" "}
                {each.spoke ? (
                  <Badge tone="good">has spoken</Badge>
                ) : (
                  <Badge tone={each.open ? "info" : "quiet"}>
                    {each.closes_ms === null
                      ? "no end within a year"
                      : `${each.open ? "until" : "was until"} ${dateText(new Date(each.closes_ms))}`}
                  </Badge>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {one.settled_otherwise.length > 0 && (
        <section className="card">
          <h2>Settled apart, otherwise</h2>
          {one.settled_otherwise.map((move) => (
            <p key={move.place}>
              {move.by}: {String(move["outcome"] ?? move.move)}
            </p>
          ))}
        </section>
      )}
      <Thread about={`decision:${one.id}`} />
      {sayings.length > 0 && (
        <section className="card" aria-label="Go on with it">
          <h2>{one.state === "draft" ? "Ask for comments" : "Settle it"}</h2>
          <Say label="Why" sayings={sayings} />
        </section>
      )}
    </div>
  );
}

interface LinkedProps {
  head: string;
  links: readonly string[];
  labels: Record<string, string>;
}

function Linked({ head, links, labels }: LinkedProps) {
  if (links.length === 0) return null;
  return (
    <section>
      <h2>{head}</h2>
      <p>
        <Links links={links} labels={labels} />
      </p>
    </section>
  );
}

function sayingsOf(one: Decision): readonly Saying[] {
  const params = { path: { item: one.id } };
  // What cannot be undone is accepted before all have had their time only with a reason.
  const isEarly = one.way === "one-way" && one.windows.some((each) => each.open && !each.spoke);
  const settle = (label: string, outcome: "accepted" | "rejected" | "withdrawn") => ({
    label,
    isMute: !(isEarly && outcome === "accepted"),
    say: (text: string) =>
      told(
        api.POST("/decisions/{item}/settle", {
          params,
          body: { outcome, text, early: isEarly && outcome === "accepted" ? text : "" },
        }),
      ),
  });
  if (one.state === "draft") {
    const body = { minutes: 480 };
    const say = (text: string) =>
      told(api.POST("/decisions/{item}/propose", { params, body: { ...body, text } }));
    return [{ label: "Propose for 8 working hours", say, isMute: true }];
  }
  if (one.state !== "proposed") return [];
  return [
    settle(isEarly ? "Accept early" : "Accept", "accepted"),
    settle("Reject", "rejected"),
    settle("Withdraw", "withdrawn"),
  ];
}
