/** Adding lines in one's own words, and handing over. */

import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, told } from "../../api";
import { dateText } from "../../api/words";
import { ErrorNote } from "../../parts/error-note";
import type { HandoverShape } from "./page";

export function Offer({ one }: { one: HandoverShape }) {
  const queries = useQueryClient();
  const path = { item: one.id };
  const add = useMutation({
    mutationFn: (facts: string) =>
      told(
        api.POST("/handovers/{item}/lines", { params: { path }, body: { facts, topic: "note" } }),
      ),
    onSuccess: () => queries.invalidateQueries(),
  });
  const offer = useMutation({
    mutationFn: (body: Record<string, string>) =>
      told(api.POST("/handovers/{item}/offer", { params: { path }, body })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const lacking = one.lines.filter((line) => line.missing.length > 0);
  const [gap] = one.unstaffed;
  return (
    <section className="card">
      <form
        className="bar"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const facts = new FormData(form).get("facts");
          if (typeof facts === "string" && facts.trim()) {
            add.mutate(facts, { onSuccess: () => form.reset() });
          }
        }}
      >
        <input
          name="facts"
          className="handover-wide"
          aria-label="A line in your own words"
          placeholder="the proxy is off until Monday"
        />
        <button type="submit" className="button" disabled={add.isPending}>
          Add a line
        </button>
      </form>
      {add.error && <ErrorNote error={add.error} />}
      <form
        className="handover-fill"
        onSubmit={(event) => {
          event.preventDefault();
          const body: Record<string, string> = {};
          for (const [name, value] of new FormData(event.currentTarget)) {
            if (typeof value === "string" && value.trim()) body[name] = value;
          }
          offer.mutate(body);
        }}
      >
        <label>
          The whole in a few words
          <input name="summary" defaultValue={one.summary ?? ""} />
        </label>
        <label>
          What is safe while nobody is there
          <input name="safe_state" defaultValue={one.safe_state ?? ""} />
        </label>
        {gap && (
          <p className="hint">
            Nobody who has a part in it works from {dateText(new Date(gap.start_ms))} to{" "}
            {dateText(new Date(gap.end_ms))}.
          </p>
        )}
        {one.readiness.map((check) => (
          <p key={`${check.name} ${check.about}`} className={check.good ? "" : "handover-missing"}>
            {check.good ? "✓" : "✗"} {check.name} {check.about}: {check.why}
          </p>
        ))}
        <div className="bar">
          <button type="submit" className="button primary" disabled={offer.isPending}>
            Hand over
          </button>
          {lacking.length > 0 && (
            <span className="handover-missing">
              {lacking.length === 1 ? "one line lacks" : `${lacking.length} lines lack`} what to do
              if
            </span>
          )}
        </div>
        {offer.error && <ErrorNote error={offer.error} />}
      </form>
    </section>
  );
}
