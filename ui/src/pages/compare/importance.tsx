/** Which params go along with a metric, over the runs that are compared. */

import { useQuery } from "@tanstack/react-query";

import { api, told } from "../../api";
import { countText } from "../../api/words";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { firstMetric } from "./data";
import type { PartProps } from "./page";

export default function Importance({ compared, shown, search, setSearch }: PartProps) {
  const metrics = Object.keys(compared.metrics);
  const metric = search.metric ?? firstMetric(compared.metrics);
  const ids = shown.map((run) => run.id);
  const found = useQuery({
    queryKey: ["importance", metric, ids],
    queryFn: ({ signal }) =>
      told(api.GET("/importance", { params: { query: { metric, run: ids } }, signal })),
    enabled: metric !== "",
  });
  if (!metric) return <Empty title="None of these runs logged a metric." />;
  return (
    <>
      <div className="bar">
        <label>
          Metric
          <select
            value={metric}
            onChange={(event) => setSearch({ metric: event.target.value }, { replace: true })}
          >
            {metrics.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {found.data && <span className="faint">over {countText(found.data.runs, "run")}</span>}
      </div>
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : found.data.params.length === 0 ? (
        <Empty title="No param has two values or more among these runs: nothing can be said." />
      ) : (
        <>
          <table className="importance">
            <thead>
              <tr>
                <th scope="col">Param</th>
                <th scope="col">How closely {metric} follows it</th>
                <th scope="col">Measure</th>
                <th scope="col" className="number">
                  Values
                </th>
              </tr>
            </thead>
            <tbody>
              {found.data.params.map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td>
                    <span className="meter" aria-hidden="true">
                      <span
                        className={
                          one.direction !== null && one.direction < 0 ? "is-down" : undefined
                        }
                        style={{ width: `${Math.round(one.strength * 100)}%` }}
                      />
                    </span>
                    <span className="number">{one.strength.toFixed(2)}</span>
                    {one.direction !== null && (
                      <span className="faint">
                        {one.direction < 0 ? " ↓ less with more of it" : " ↑ more with more of it"}
                      </span>
                    )}
                  </td>
                  <td className="faint">{one.measure}</td>
                  <td className="number">{one.values}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className="faint">
            What goes along with a result need not be its cause: params that were changed together
            look alike here.
            {found.data.left_out.length > 0 &&
              ` Left out, as they differ in every run: ${found.data.left_out.join(", ")}.`}
          </p>
        </>
      )}
    </>
  );
}
