/** The six of one's next working day: chosen from one's open tasks, in their order. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import type { components } from "../../api/schema";
import { ErrorNote } from "../../parts/error-note";

type Task = components["schemas"]["Task"];

const SIX = 6;
const NEXT = { params: { path: { day: "next" } } } as const;

export function Six({ open }: { open: readonly Task[] }) {
  const { me } = usePeople();
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["task-days", "next"],
    queryFn: ({ signal }) => told(api.GET("/task-days/{day}", { ...NEXT, signal })),
  });
  const choose = useMutation({
    mutationFn: (tasks: string[]) =>
      told(api.PUT("/task-days/{day}", { ...NEXT, body: { tasks } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (!found.data) return found.error ? <ErrorNote error={found.error} /> : null;
  const { day, tasks } = found.data;
  const ids = tasks.map((one) => one.id);
  const rest = open.filter((one) => one.owner === me && !ids.includes(one.id));
  if (!tasks.length && !rest.length) return null;
  const name = dayText(day);
  const swap = (at: number) => {
    const moved = [...ids];
    moved.splice(at - 1, 2, ...ids.slice(at - 1, at + 1).reverse());
    choose.mutate(moved);
  };
  return (
    <section className="card work-six" aria-label={`Six for ${name}`}>
      <h2>
        Six for {name} <span className="hint">the first one first; what is seventh waits</span>
      </h2>
      <ol>
        {tasks.map((one, at) => (
          <li key={one.id}>
            <span className={one.state === "open" ? "" : "faint"}>
              {one.title}
              {one.state !== "open" && ` (${one.state})`}
            </span>
            <span className="bar">
              <button
                type="button"
                className="link"
                aria-label={`Move ${one.title} up`}
                disabled={at === 0 || choose.isPending}
                onClick={() => swap(at)}
              >
                up
              </button>
              <button
                type="button"
                className="link"
                aria-label={`take off ${one.title}`}
                disabled={choose.isPending}
                onClick={() => choose.mutate(ids.filter((id) => id !== one.id))}
              >
                take off
              </button>
            </span>
          </li>
        ))}
      </ol>
      {rest.length > 0 && tasks.length < SIX && (
        <select
          aria-label={`Add a task for ${name}`}
          value=""
          disabled={choose.isPending}
          onChange={(event) => choose.mutate([...ids, event.target.value])}
        >
          <option value="">Add one of yours</option>
          {rest.map((one) => (
            <option key={one.id} value={one.id}>
              {one.title}
            </option>
          ))}
        </select>
      )}
      {choose.error && <ErrorNote error={choose.error} />}
    </section>
  );
}

function dayText(day: string): string {
  return new Date(`${day}T12:00:00`).toLocaleDateString("en-GB", {
    weekday: "long",
    day: "numeric",
    month: "short",
  });
}
