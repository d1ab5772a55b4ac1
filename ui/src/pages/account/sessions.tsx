/** Where the reader is logged in, and an end to it. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { asked, type SessionOf } from "../../api/account";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import { Refusal } from "./refusal";
import { Row } from "./row";

const KEY = ["account", "sessions"];

export function Sessions() {
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) =>
      asked<{ sessions: SessionOf[] }>("GET", "/sessions", undefined, signal),
  });
  const end = useMutation({
    mutationFn: (id: string | null) =>
      asked("DELETE", id === null ? "/sessions" : `/sessions/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  const sessions = found.data?.sessions ?? [];
  return (
    <section className="card" aria-label="Sessions">
      <div className="bar account-head">
        <h2>Sessions</h2>
        {sessions.length > 1 && (
          <button
            type="button"
            className="button"
            disabled={end.isPending}
            onClick={() => end.mutate(null)}
          >
            End all others
          </button>
        )}
      </div>
      {found.error && <ErrorNote error={found.error} />}
      <ul className="account-list">
        {sessions.map((one) => (
          <Row
            key={one.id}
            what={
              <>
                {one.agent || "unknown"} {one.this && <b>(this one)</b>}
              </>
            }
            about={
              <>
                {one.address}, by {one.how}, used <Time at={one.used_ms} />
              </>
            }
            end={
              one.this
                ? undefined
                : { label: "End it", isBusy: end.isPending, run: () => end.mutate(one.id) }
            }
          />
        ))}
      </ul>
      <Refusal error={end.error} />
    </section>
  );
}
