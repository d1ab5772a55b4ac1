/** Data sets and models that the code logged through MLflow's protocol. */

import type { Run } from "./data";
import { Badge } from "../../parts/badge";
import { bytesText, plural } from "./words";

export function Logged({ run }: { run: Run }) {
  const { data, models } = run.logged;
  return (
    <>
      {data.length > 0 && (
        <section className="card">
          <h2>Data sets it logged</h2>
          <ul className="plain">
            {data.map((one) => (
              <li key={`${one.name} ${one.digest}`}>
                {one.name} <code className="faint">{one.digest}</code>{" "}
                {one.context && <Badge>{one.context}</Badge>}
              </li>
            ))}
          </ul>
        </section>
      )}
      {models.length > 0 && (
        <section className="card">
          <h2>Models it logged</h2>
          <ul className="plain">
            {models.map((one) => (
              <li key={one.id}>
                {one.name ?? one.id} <code className="faint">{one.id}</code>{" "}
                <span className="faint">
                  {plural(one.files, "file")}, {bytesText(one.size_bytes)}
                </span>{" "}
                {one.status !== "ready" && <Badge tone="warn">{one.status}</Badge>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
