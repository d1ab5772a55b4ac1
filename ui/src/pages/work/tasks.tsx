/** Tasks: the reader's own by what is urgent and important, then everybody's. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import type { Saying } from "../../parts/say";
import { Item } from "./item";
import { type ListProps, Shown } from "./lists";
import { Six } from "./six";

type Task = components["schemas"]["Task"];

const CORNERS = [
  ["do", "Do", "urgent and important"],
  ["plan", "Plan", "important"],
  ["pass on", "Pass on", "urgent"],
  ["drop", "Drop", "neither"],
] as const;

export function Tasks({ isAll }: ListProps) {
  const found = useQuery({
    queryKey: ["tasks", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/tasks", { params: { query: { closed: isAll } }, signal })),
    select: (data) => data.tasks,
  });
  return (
    <>
      <Matrix />
      <Six open={(found.data ?? []).filter((one) => one.state === "open")} />
      <h2 className="work-part">Everybody's</h2>
      <Shown
        found={found}
        empty={{
          title: "Nothing is to be done.",
          command: 'afield task "Label the rest" --due 2d --important',
        }}
      >
        {(one) => (
          <Item
            key={one.id}
            id={one.id}
            title={one.title}
            state={one.state}
            due={one.state === "open" ? one.due : null}
            marks={one.important && <Badge tone="info">important</Badge>}
            who={one.owner_name ?? "nobody's"}
            about={one.about}
            labels={one.labels}
            text={one.detail}
            sayings={one.state === "open" ? taskSayings(one) : []}
          />
        )}
      </Shown>
    </>
  );
}

function taskSayings(one: Task): readonly Saying[] {
  const finish = (outcome: "done" | "dropped") => (text: string) =>
    told(
      api.POST("/tasks/{item}/finish", {
        params: { path: { item: one.id } },
        body: { outcome, text },
      }),
    );
  return [
    { label: "Done", say: finish("done"), isMute: true },
    { label: "Drop", say: finish("dropped"), isMute: true },
  ];
}

function Matrix() {
  const found = useQuery({
    queryKey: ["task-matrix"],
    queryFn: ({ signal }) => told(api.GET("/task-matrix", { signal })),
  });
  const matrix = found.data?.matrix;
  if (!matrix || Object.values(matrix).every((some) => some.length === 0)) return null;
  return (
    <section aria-label="Yours, by urgent and important" className="work-matrix">
      {CORNERS.map(([name, head, why]) => (
        <div key={name} className={`card work-corner-${name.replace(" ", "-")}`}>
          <h2>
            {head} <span className="hint">{why}</span>
          </h2>
          <ul>
            {(matrix[name] ?? []).map((one) => (
              <li key={one.id}>{one.title}</li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
