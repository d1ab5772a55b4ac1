/** What the receiver says: takes lines over in their own words, asks about them, declines. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, told } from "../../api";
import { ErrorNote } from "../../parts/error-note";
import type { HandoverShape } from "./page";

type Move = "accept" | "question" | "decline";

export function Take({ one }: { one: HandoverShape }) {
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const queries = useQueryClient();
  const say = useMutation({
    mutationFn: (move: Move) =>
      told(
        api.POST("/handovers/{item}/{move}", {
          params: { path: { item: one.id, move } },
          body: { text, lines: [...chosen] },
        }),
      ),
    onSuccess: async () => {
      setText("");
      setChosen([]);
      await queries.invalidateQueries();
    },
  });
  const left = one.lines.filter((line) => line.state !== "accepted");
  const isReady = text.trim() !== "" && !say.isPending;
  return (
    <section className="card handover-take" aria-label="Take it over">
      <h2>Take it over</h2>
      <label>
        In your own words: what you take over, and what you do if
        <textarea rows={4} value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {left.length > 1 && (
        <fieldset className="bar">
          <legend>Lines (none: all that are left)</legend>
          {left.map((line) => (
            <label key={line.number}>
              <input
                type="checkbox"
                checked={chosen.includes(line.number)}
                onChange={(event) =>
                  setChosen(
                    event.target.checked
                      ? [...chosen, line.number]
                      : chosen.filter((number) => number !== line.number),
                  )
                }
              />{" "}
              {line.number}
            </label>
          ))}
        </fieldset>
      )}
      <div className="bar">
        <button
          type="button"
          className="button primary"
          disabled={!isReady}
          onClick={() => say.mutate("accept")}
        >
          Accept
        </button>
        <button
          type="button"
          className="button"
          disabled={!isReady}
          onClick={() => say.mutate("question")}
        >
          Ask first
        </button>
        <button
          type="button"
          className="button"
          disabled={!isReady}
          onClick={() => say.mutate("decline")}
        >
          Decline
        </button>
        <span className="hint">It is yours once you accept, not before.</span>
      </div>
      {say.error && <ErrorNote error={say.error} />}
    </section>
  );
}
