/** The others' stand-ups since the reader's last working day, and who has not written. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";

const FIELDS = [
  ["state", ""],
  ["next", "next"],
  ["decided", "decided"],
  ["stuck", "stuck"],
] as const;

export function Digest() {
  const found = useQuery({
    queryKey: ["digest"],
    queryFn: ({ signal }) => told(api.GET("/digest", { signal })),
  });
  if (found.error) return <ErrorNote error={found.error} onAgain={() => void found.refetch()} />;
  if (!found.data) return <div aria-busy="true" />;
  const { standups, silent } = found.data;
  return (
    <div className="digest">
      {standups.map((one) => (
        <article key={one.id}>
          <h3>
            {one.by}, {one.day} <Time at={new Date(one.touched_ms).toISOString()} />
          </h3>
          {one.unchanged && <p className="faint">Nothing changed.</p>}
          {FIELDS.map(
            ([name, label]) =>
              one[name] && (
                <p key={name}>
                  {label && <span className="faint">{label} </span>}
                  {one[name]}
                </p>
              ),
          )}
        </article>
      ))}
      {silent.map((one) => (
        <p key={one.member} className="faint">
          No word from {one.name}: {one.why}
        </p>
      ))}
      {!standups.length && !silent.length && <p className="faint">Nobody else is here yet.</p>}
    </div>
  );
}
