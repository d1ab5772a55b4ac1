/** The runs that read a file of this version. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import { Status } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Time } from "../../parts/time";
import type { PartProps } from "./page";

const AGAIN_MS = 1_000;

export default function Used({ one }: PartProps) {
  const found = useQuery({
    queryKey: ["dataset", one.version.label, "runs"],
    queryFn: ({ signal }) =>
      told(
        api.GET("/datasets/{version}/runs", {
          params: { path: { version: one.version.label } },
          signal,
        }),
      ),
    refetchInterval: (query) => (query.state.data?.complete === false ? AGAIN_MS : false),
  });
  if (found.error) return <ErrorNote error={found.error} onAgain={() => void found.refetch()} />;
  if (!found.data) return <div aria-busy="true" />;
  if (!found.data.runs.length && found.data.complete) {
    return <Empty title="No run read this version." command={`afield run python train.py`} />;
  }
  return (
    <>
      {!found.data.complete && <p className="faint">Looking through more runs …</p>}
      <div className="scroll">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Status</th>
              <th scope="col">By</th>
              <th scope="col">Started</th>
              <th scope="col">Project</th>
            </tr>
          </thead>
          <tbody>
            {found.data.runs.map((run) => (
              <tr key={run.id}>
                <th scope="row">
                  <Link to="/runs/$run" params={{ run: run.id }}>
                    {run.name}
                  </Link>
                </th>
                <td>
                  <Status status={run.status} />
                </td>
                <td>{run.user}</td>
                <td>
                  <Time at={run.started} />
                </td>
                <td>{run.project}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
