/** How far a running run is, as far as earlier runs of its experiment tell it. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import type { Run } from "./data";
import { plural, secondsText } from "./words";

const AGAIN_MS = 5_000;

export function Progress({ run }: { run: Run }) {
  const found = useQuery({
    queryKey: ["today"],
    queryFn: ({ signal }) => told(api.GET("/today", { signal })),
    refetchInterval: AGAIN_MS,
  });
  const going = found.data?.running.find((one) => one.id === run.id);
  if (!going) return null;
  const { progress, left_s: left, by, of } = going;
  return (
    <section className="card">
      <h2>Running for {secondsText(going.elapsed_s)}</h2>
      {progress === null || left === null ? (
        <p className="faint">
          {by ? "It goes on for longer than earlier runs did." : "No earlier run tells how long."}
        </p>
      ) : (
        <>
          <progress className="run-progress" value={progress} aria-label="Progress" />
          <p>
            {Math.floor(progress * 100)} %, some {secondsText(left)} left, by the{" "}
            {by === "points" ? `points of ${going.metric}` : "length"} of{" "}
            {plural(of, "earlier run")}
          </p>
        </>
      )}
    </section>
  );
}
