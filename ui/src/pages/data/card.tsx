/** The dataset's card: where the data came from, and what may be done with it. */

import { Command } from "../../parts/code";
import type { PartProps } from "./page";

const MEANS: Record<string, string> = {
  origin: "where the data came from, and who made it",
  licence: "under what terms it may be used",
  consent: "what the people in it agreed to, or why none is needed",
  method: "how it was collected, cleaned and labelled",
  sensitivity: "public, internal, confidential, personal or special",
  residency: "where its bytes may be",
};

export default function Card({ one }: PartProps) {
  const { card, version } = one;
  return (
    <>
      <dl className="data-card">
        {Object.entries(card.fields).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value ?? (
                <span className="data-gaps">
                  {card.erased.includes(name) ? "erased" : `missing: ${MEANS[name] ?? ""}`}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {card.missing.length > 0 && (
        <Command text={`afield data card ${version.name} --set ${card.missing[0] ?? "origin"}=…`} />
      )}
    </>
  );
}
