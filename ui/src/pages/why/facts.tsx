/** What is known of one thing of a trace, a line for each fact. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { bytesText, countText, numberText } from "../../api/words";
import { Verdict } from "../../parts/badge";
import { Time } from "../../parts/time";
import type { DataFacts, MetricFacts, ModelFacts, RunFacts, WhyNode } from "./shapes";

type Line = [name: string, value: ReactNode];

export function Facts({ node }: { node: WhyNode }) {
  const lines = (LINES[node.kind]?.(node) ?? []).filter(([, value]) => value);
  if (!lines.length) return null;
  return (
    <dl className="why-facts">
      {lines.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const LINES: Record<string, ((node: WhyNode) => Line[]) | undefined> = {
  run: ({ facts }) => runLines(facts as RunFacts),
  data: ({ facts }) => dataLines(facts as DataFacts),
  model: ({ facts }) => modelLines(facts as ModelFacts),
  metric: ({ facts }) => metricLines(facts as unknown as MetricFacts),
  file: ({ sources, facts }) =>
    sources.length
      ? []
      : [["origin", `no run that is known here gave it, no data holds it${lost(facts)}`]],
};

function lost(facts: WhyNode["facts"]): string {
  return facts.known ? "; its bytes are kept" : "";
}

function metricLines({ last, min, max, count }: MetricFacts): Line[] {
  const spread = min === max ? "" : `, between ${numberText(min)} and ${numberText(max)}`;
  return [["value", `${numberText(last)}, the last of ${countText(count, "point")}${spread}`]];
}

function runLines(facts: RunFacts): Line[] {
  const { code, environment } = facts;
  const params = Object.entries(facts.params ?? {});
  const changed = code?.dirty ? ", with changes that were not committed" : "";
  const commit = code?.commit
    ? `commit ${code.commit.slice(0, 12)}${code.branch ? ` on ${code.branch}` : ""}${changed}`
    : "in no repository";
  const files = code?.files == null ? "" : `, ${countText(code.files, "file")} kept`;
  const packages =
    environment?.packages == null ? "" : `, ${countText(environment.packages, "package")}`;
  return [
    ["failed with", facts.exception],
    ["command", facts.command && <code>{facts.command.join(" ")}</code>],
    ["code", code && `${commit}${files}`],
    ["environment", environment?.python && `Python ${environment.python}${packages}`],
    ["params", params.length > 0 && params.map(([name, value]) => `${name} = ${value}`).join(", ")],
    ...(facts.reproductions ?? []).map((one): Line => [
      "repeated",
      <>
        <Verdict verdict={one.verdict} /> by {one.by} in{" "}
        <Link to="/runs/$run" params={{ run: one.run }}>
          {one.run.slice(0, 8)}
        </Link>
        , <Time at={one.at} />
        {one.cause && ` (${one.cause})`}
      </>,
    ]),
  ];
}

function dataLines({ files = 0, size_bytes = 0, message, source, card }: DataFacts): Line[] {
  const told = Object.entries(card?.fields ?? {}).filter(([, value]) => value);
  return [
    ["holds", `${countText(files, "file")}, ${bytesText(size_bytes)}`],
    ["message", message],
    ["brought from", source && `${source.kind} ${source.key}`],
    ["card", told.map(([name, value]) => `${name}: ${value}`).join("; ") || "says nothing yet"],
    ["card lacks", told.length > 0 && card?.missing.join(", ")],
  ];
}

function modelLines({ stage, source, description }: ModelFacts): Line[] {
  return [
    ["stage", stage !== "None" && stage],
    ["source", source],
    ["description", description],
  ];
}
