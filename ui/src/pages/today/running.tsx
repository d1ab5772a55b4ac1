/** A run that goes on: how far it is, how long it may still take, and its curve so far. */

import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import type { components } from "../../api/schema";
import { countText, durationText } from "../../api/words";
import { Chart } from "../../charts/chart";
import { colorOf } from "../../charts/colors";
import { viewOf } from "../../charts/view";
import { Time } from "../../parts/time";

const REVISION_MS = 3_000;

export function Running({ run }: { run: components["schemas"]["Going"] }) {
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (!document.hidden) setRevision((before) => before + 1);
    }, REVISION_MS);
    return () => window.clearInterval(timer);
  }, []);
  const shown = useMemo(
    () => [{ id: run.id, label: run.name, color: colorOf(run.id) }],
    [run.id, run.name],
  );
  const view = useMemo(() => viewOf({}), []);
  const metric = run.metrics[0];
  const share = run.progress === null ? null : Math.round(run.progress * 100);
  return (
    <article className="card today-run">
      <h3>
        <Link to="/runs/$run" params={{ run: run.id }}>
          {run.name}
        </Link>{" "}
        <span className="faint">
          {run.project} / {run.experiment}
        </span>
      </h3>
      <p className="faint">
        {run.user} began <Time at={run.started} />
        {run.host && ` on ${run.host}`}
      </p>
      {share === null ? (
        <p>{durationText(run.elapsed_s)} so far</p>
      ) : (
        <>
          <progress max={100} value={share} aria-label={`${run.name}: how far it is`} />
          <p>
            {share} %, {durationText(run.elapsed_s)} so far
            {run.left_s !== null && `, about ${durationText(run.left_s)} left`}
            <span className="faint"> by {countText(run.of, "earlier run")}</span>
          </p>
        </>
      )}
      {metric && (
        <Chart
          metric={metric}
          runs={shown}
          view={view}
          onWindow={ignore}
          revision={revision}
          height={130}
        />
      )}
    </article>
  );
}

function ignore() {
  // The chart of the run's page is where one zooms.
}
