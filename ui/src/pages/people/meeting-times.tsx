/** Times at which all can meet in the coming days, and whom each of them costs what. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { Badge } from "../../parts/badge";
import { ErrorNote } from "../../parts/error-note";
import { Right } from "../../parts/right";
import { Call } from "../meetings/call";

const LENGTHS = [15, 30, 45, 60, 90] as const;
const SHOWN = 5;

type Slot = components["schemas"]["SlotShape"];

export function MeetingTimes() {
  const [minutes, setMinutes] = useState(30);
  const [calling, setCalling] = useState<Slot | null>(null);
  const found = useQuery({
    queryKey: ["overlap", minutes],
    queryFn: ({ signal }) => told(api.GET("/overlap", { params: { query: { minutes } }, signal })),
  });
  const slots = found.data?.slots.slice(0, SHOWN) ?? [];
  return (
    <section className="card people-meet" aria-label="Times to meet">
      <div className="bar">
        <h2>Times to meet</h2>
        <select
          aria-label="How long"
          value={minutes}
          onChange={(event) => setMinutes(Number(event.target.value))}
        >
          {LENGTHS.map((one) => (
            <option key={one} value={one}>
              {one} minutes
            </option>
          ))}
        </select>
      </div>
      {found.error && <ErrorNote error={found.error} />}
      {found.data && slots.length === 0 && (
        <p className="hint">There is no such time in the next seven days.</p>
      )}
      <ol className="people-slots">
        {slots.map((slot) => (
          <li key={slot.start_ms}>
            <b className="number">{startText(slot.start_ms)}</b>
            <span className="bar">
              {slot.costs.map((cost) => (
                <span key={cost.member} className="people-cost">
                  {cost.name} <span className="number">{timeText(cost.local)}</span>{" "}
                  {cost.busy > 0 && <Badge tone="warn">busy</Badge>}{" "}
                  {cost.asleep > 0 ? (
                    <Badge tone="bad">asleep</Badge>
                  ) : (
                    cost.outside > 0 && (
                      <Badge tone="warn">{countText(cost.outside, "minute")} outside hours</Badge>
                    )
                  )}
                </span>
              ))}
            </span>
            <Right to="team.write">
              <button type="button" className="button" onClick={() => setCalling(slot)}>
                Meet then
              </button>
            </Right>
          </li>
        ))}
      </ol>
      {calling && (
        <Call
          fromMs={calling.start_ms}
          untilMs={calling.end_ms}
          attendees={calling.costs.map((cost) => cost.member)}
          onClose={() => setCalling(null)}
        />
      )}
    </section>
  );
}

function startText(ms: number): string {
  return new Date(ms).toLocaleString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** Return the time of the clock that stands in a local date and time. */
function timeText(local: string): string {
  return /\d\d:\d\d/.exec(local)?.[0] ?? local;
}
