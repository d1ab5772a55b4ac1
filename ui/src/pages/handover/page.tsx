/** One handover: its lines, what its author still has to say, and what its receiver says to it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { dateText } from "../../api/words";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Right } from "../../parts/right";
import { Time } from "../../parts/time";
import { Line } from "./line";
import { Offer } from "./offer";
import { Take } from "./take";
import { State } from "./words";

import "./handover.css";

export type HandoverShape = components["schemas"]["Handover"];

const STAGES: Record<string, string> = {
  receiver: "Waits for",
  backup: "Was not accepted in time; waits for",
  anyone: "Was not accepted in time; waits for any of",
};

export function HandoverPage() {
  const { handover } = useParams({ strict: false });
  const item = handover ?? "";
  const found = useQuery({
    queryKey: ["handover", item],
    queryFn: ({ signal }) =>
      told(api.GET("/handovers/{item}", { params: { path: { item } }, signal })),
  });
  const me = useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => told(api.GET("/me", { signal })),
    staleTime: Infinity,
  });
  const one = found.data;
  return (
    <Page
      title={one?.title ?? "Handover"}
      className="handover"
      tools={one && <State state={one.state} />}
    >
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {one && (
        <>
          <Head one={one} />
          <ol className="handover-lines">
            {one.lines.map((line) => (
              <Line
                key={line.number}
                one={one}
                line={line}
                canFill={one.state === "draft" && one.author === me.data?.member}
              />
            ))}
          </ol>
          {one.contested.length > 0 && (
            <p className="card handover-contested" role="note">
              Lines {one.contested.join(", ")} were accepted by several who did not know of one
              another. The last acceptance holds.
            </p>
          )}
          {one.state === "draft" && one.author === me.data?.member && <Offer one={one} />}
          {me.data && one.waits_for.includes(me.data.member) && (
            <Right to="team.write" isTold>
              <Take one={one} />
            </Right>
          )}
          <Reply one={one} isAuthor={one.author === me.data?.member} />
          <Said one={one} />
          <Measures one={one} />
        </>
      )}
    </Page>
  );
}

function Head({ one }: { one: HandoverShape }) {
  const names = one.waits_for.map((member) => one.names[member] ?? member);
  return (
    <dl className="handover-head">
      <dt>From</dt>
      <dd>{one.by}</dd>
      <dt>To</dt>
      <dd>
        {one.to ? one.names[one.to] : "nobody"}
        {one.backup && `; backup ${one.names[one.backup]}`}
      </dd>
      {one.stage && (
        <>
          <dt>{STAGES[one.stage]}</dt>
          <dd>
            {names.join(", ")}
            {one.due !== null && (
              <>
                , due <Time at={new Date(one.due).toISOString()} />
              </>
            )}
          </dd>
        </>
      )}
      {(["summary", "safe_state", "rollback", "despite"] as const).map(
        (name) => one[name] && <Part key={name} name={name.replace("_", " ")} text={one[name]} />,
      )}
    </dl>
  );
}

function Part({ name, text }: { name: string; text: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </>
  );
}

function Reply({ one, isAuthor }: { one: HandoverShape; isAuthor: boolean }) {
  const queries = useQueryClient();
  const reply = useMutation({
    mutationFn: (text: string) =>
      told(
        api.POST("/handovers/{item}/{move}", {
          params: { path: { item: one.id, move: "reply" } },
          body: { text, lines: [] },
        }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (!one.questions.length) return null;
  return (
    <section className="card">
      <h2>Questions</h2>
      {one.questions.map((asked) => (
        <p key={asked.at_ms}>
          <b>{one.names[asked.by]}</b>: {asked.text}
        </p>
      ))}
      {isAuthor && (
        <form
          className="bar"
          onSubmit={(event) => {
            event.preventDefault();
            const text = new FormData(event.currentTarget).get("text");
            if (typeof text === "string" && text.trim()) reply.mutate(text);
          }}
        >
          <input name="text" aria-label="Your reply" className="handover-wide" />
          <button type="submit" className="button primary" disabled={reply.isPending}>
            Reply
          </button>
        </form>
      )}
      {reply.error && <ErrorNote error={reply.error} />}
    </section>
  );
}

function Said({ one }: { one: HandoverShape }) {
  const said = one.moves.filter((move) => !["lined", "dropped"].includes(move.move));
  if (!said.length) return null;
  return (
    <section>
      <h2>What was said</h2>
      <ul className="handover-said">
        {said.map((move) => {
          const words = (move["synthesis"] ?? move["text"]) as string | undefined;
          return (
            <li key={move.place}>
              <b>{move.by}</b> {move.move} it{" "}
              <span className="faint">
                <Time at={new Date(move.at_ms).toISOString()} />
              </span>
              {words && <blockquote>{words}</blockquote>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Measures({ one }: { one: HandoverShape }) {
  const found = one.measures;
  if (!found || !["accepted", "partly"].includes(one.state)) return null;
  return (
    <p className="hint">
      {found.accept_minutes !== null &&
        `Accepted after ${found.accept_minutes} minutes of the receiver's working time. `}
      {found.needing > 0 &&
        `${found.with_contingency} of ${found.needing} lines that need care say what to do if. `}
      {found.surprises === 0 ? "No surprise" : `${found.surprises} surprises`} within two hours.
      {one.until !== null && ` It is for the time until ${dateText(new Date(one.until))}.`}
    </p>
  );
}
