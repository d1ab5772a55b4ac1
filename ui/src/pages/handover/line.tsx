/** One line of a handover; its author fills in here what the record cannot know. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { addressOfLink } from "../../api/links";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import type { HandoverShape } from "./page";
import { Severity, State } from "./words";

type LineShape = components["schemas"]["LineShape"];
type Fields = components["schemas"]["LineFields"];

const ASKED = [
  ["assessment", "How it is, as you see it"],
  ["condition", "If (in your words)"],
  ["when", "If (a query such as metrics.loss > 2; it is looked after)"],
  ["then", "Then"],
  ["call", "Else call (a name)"],
] as const;

interface LineProps {
  one: HandoverShape;
  line: LineShape;
  canFill: boolean;
}

export function Line({ one, line, canFill }: LineProps) {
  const [isOpen, setOpen] = useState(false);
  const address = line.about ? addressOfLink(line.about) : null;
  const conditions = [line.condition, line.when].filter(Boolean).join(" or ");
  return (
    <li value={line.number} className={`handover-line handover-${line.severity}`}>
      <div className="handover-line-head">
        <span className="number faint">{line.number}</span>
        <Severity severity={line.severity} topic={line.topic} />
        <span className="handover-facts">
          {address && line.about && (
            <>
              <Link to={address}>{one.labels[line.about]}</Link>:{" "}
            </>
          )}
          {line.facts}
        </span>
        {line.state !== "waiting" && (
          <span className="bar">
            <State state={line.state} />
            {line.by && <span className="faint">{one.names[line.by]}</span>}
          </span>
        )}
      </div>
      {line.assessment && <p>{line.assessment}</p>}
      {(conditions || line.then) && (
        <p>
          <b>If</b> {conditions || "…"} {line.when && <Badge tone="info">looked after</Badge>}{" "}
          <b>then</b> {line.then ?? "…"}
          {line.call_name && (
            <>
              , <b>else call</b> {line.call_name}
            </>
          )}
        </p>
      )}
      {canFill && (
        <div className="bar">
          {line.missing.length > 0 && (
            <span className="handover-missing">lacks {line.missing.join(", ")}</span>
          )}
          <button type="button" className="link" onClick={() => setOpen(!isOpen)}>
            {isOpen ? "close" : "fill in"}
          </button>
          <Drop item={one.id} number={line.number} />
        </div>
      )}
      {canFill && isOpen && <Fill item={one.id} line={line} onDone={() => setOpen(false)} />}
    </li>
  );
}

function Fill({ item, line, onDone }: { item: string; line: LineShape; onDone: () => void }) {
  const queries = useQueryClient();
  const fill = useMutation({
    mutationFn: (body: Fields) =>
      told(
        api.PATCH("/handovers/{item}/lines/{number}", {
          params: { path: { item, number: line.number } },
          body,
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onDone();
    },
  });
  return (
    <form
      className="handover-fill"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const body: Record<string, string> = {};
        for (const [name, value] of given) {
          if (typeof value === "string" && value.trim()) body[name] = value;
        }
        fill.mutate(body as Fields);
      }}
    >
      <label>
        Severity
        <select name="severity" defaultValue={line.severity}>
          {["stable", "watch", "unstable"].map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      </label>
      {ASKED.map(([name, label]) => (
        <label key={name}>
          {label}
          <input name={name} defaultValue={(name === "call" ? line.call_name : line[name]) ?? ""} />
        </label>
      ))}
      <div className="bar">
        <button type="submit" className="button primary" disabled={fill.isPending}>
          Keep it
        </button>
      </div>
      {fill.error && <ErrorNote error={fill.error} />}
    </form>
  );
}

function Drop({ item, number }: { item: string; number: number }) {
  const queries = useQueryClient();
  const drop = useMutation({
    mutationFn: () =>
      told(api.DELETE("/handovers/{item}/lines/{number}", { params: { path: { item, number } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <button type="button" className="link" disabled={drop.isPending} onClick={() => drop.mutate()}>
      leave out
    </button>
  );
}
