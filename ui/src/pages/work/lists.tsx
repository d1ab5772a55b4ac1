/** Asks, blockers, decisions and reviews, each as a list with what can be done to one. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import type { Saying } from "../../parts/say";
import { Item, lastText } from "./item";

type Ask = components["schemas"]["Ask"];

export interface ListProps {
  isAll: boolean;
}

interface ShownProps<T> {
  found: { data: readonly T[] | undefined; error: unknown; refetch: () => unknown };
  empty: { title: string; command: string };
  children: (one: T) => ReactNode;
}

export function Shown<T>({ found, empty, children }: ShownProps<T>) {
  if (found.error) return <ErrorNote error={found.error} onAgain={() => void found.refetch()} />;
  if (!found.data) return <div aria-busy="true" />;
  if (found.data.length === 0) return <Empty {...empty} />;
  return <ul className="item-list">{found.data.map(children)}</ul>;
}

export function Asks({ isAll }: ListProps) {
  const { me } = usePeople();
  const found = useQuery({
    queryKey: ["asks", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/asks", { params: { query: { closed: isAll } }, signal })),
    select: (data) => data.asks,
  });
  return (
    <Shown
      found={found}
      empty={{ title: "Nobody asks anything.", command: 'afield ask NAME "Which split?"' }}
    >
      {(one) => (
        <Item
          key={one.id}
          id={one.id}
          title={one.title}
          state={one.state}
          due={one.state === "open" ? one.due : null}
          marks={one.urgency === "urgent" && <Badge tone="bad">urgent</Badge>}
          who={`${one.by} asks ${one.to_name ?? "somebody"}`}
          about={one.about}
          labels={one.labels}
          text={lastText(one.moves) ?? one.detail}
          sayings={askSayings(one, me)}
        />
      )}
    </Shown>
  );
}

function askSayings(one: Ask, me: string): readonly Saying[] {
  const params = { path: { item: one.id } };
  const close = (label: string, outcome: "done" | "declined" | "withdrawn", isMute = false) => ({
    label,
    isMute,
    say: (text: string) =>
      told(api.POST("/asks/{item}/close", { params, body: { outcome, text } })),
  });
  if (one.state === "open" && one.to === me) {
    const say = (text: string) =>
      told(api.POST("/asks/{item}/answer", { params, body: { text, about: [] } }));
    return [{ label: "Answer", say }, close("Decline", "declined")];
  }
  if (one.state === "open" && one.author === me) return [close("Withdraw", "withdrawn", true)];
  if (one.state === "answered" && one.author === me) return [close("Close", "done", true)];
  return [];
}

export function Blockers({ isAll }: ListProps) {
  const { me } = usePeople();
  const found = useQuery({
    queryKey: ["blockers", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/blockers", { params: { query: { cleared: isAll } }, signal })),
    select: (data) => data.blockers,
  });
  const move = (item: string, name: "offer" | "clear") => (text: string) =>
    told(
      api.POST("/blockers/{item}/{move}", {
        params: { path: { item, move: name } },
        body: { text },
      }),
    );
  return (
    <Shown
      found={found}
      empty={{
        title: "Nothing is in anybody's way.",
        command: 'afield blocker "No access to the bucket"',
      }}
    >
      {(one) => {
        const offer = { label: "Offer help", say: move(one.id, "offer") };
        const clear = { label: "Cleared", say: move(one.id, "clear"), isMute: true };
        return (
          <Item
            key={one.id}
            id={one.id}
            title={one.title}
            state={one.state}
            who={`blocks ${one.by}, ${one.owner_name ?? one.by} is to clear it`}
            about={one.about}
            labels={one.labels}
            text={lastText(one.moves)}
            sayings={one.state !== "open" ? [] : one.owner === me ? [clear] : [offer, clear]}
          />
        );
      }}
    </Shown>
  );
}

const OVER = new Set(["accepted", "rejected", "withdrawn", "superseded"]);

export function Decisions({ isAll }: ListProps) {
  const found = useQuery({
    queryKey: ["decisions"],
    queryFn: ({ signal }) => told(api.GET("/decisions", { signal })),
    select: (data) => data.decisions.filter((one) => isAll || !OVER.has(one.state)),
  });
  return (
    <Shown
      found={found}
      empty={{
        title: isAll ? "Nothing was decided yet." : "No decision is open.",
        command: 'afield decide "Train on the split of November"',
      }}
    >
      {(one) => (
        <Item
          key={one.id}
          id={one.id}
          title={
            <Link to="/decisions/$item" params={{ item: one.id }}>
              {one.title}
            </Link>
          }
          state={one.state}
          marks={one.way === "one-way" && <Badge tone="warn">no way back</Badge>}
          who={`by ${one.by}`}
          about={one.evidence}
          labels={one.labels}
          text={one.outcome}
        />
      )}
    </Shown>
  );
}

export function Reviews({ isAll }: ListProps) {
  const { me } = usePeople();
  const found = useQuery({
    queryKey: ["reviews", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/reviews", { params: { query: { closed: isAll } }, signal })),
    select: (data) => data.reviews,
  });
  return (
    <Shown
      found={found}
      empty={{ title: "No review is open.", command: "afield review run:NAME --by NAME" }}
    >
      {(one) => (
        <Item
          key={one.id}
          id={one.id}
          title={
            <Link to="/reviews/$item" params={{ item: one.id }}>
              {one.title ?? one.what}
            </Link>
          }
          state={one.state}
          due={one.asked.find((each) => each.member === me && !each.verdict)?.due_ms ?? null}
          marks={one.contested && <Badge tone="warn">contested</Badge>}
          who={`${one.by} asks ${one.asked.map((each) => each.name).join(", ") || "anybody"}`}
          about={one.about ? [one.about] : []}
          labels={one.labels}
          text={one.detail}
        />
      )}
    </Shown>
  );
}
