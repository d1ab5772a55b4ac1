/** All registered models: their newest version, aliases and stages. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import { Badge } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Time } from "../../parts/time";

import "../data/data.css";

export function ModelsPage() {
  const found = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => told(api.GET("/models", { signal })),
  });
  return (
    <Page title="Models" className="list-page">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : found.data.models.length === 0 ? (
        <Empty
          title="No model is registered yet."
          command="afield model register RUN:out/model.joblib NAME"
        >
          <p>What MLflow’s client registers is here, too.</p>
        </Empty>
      ) : (
        <div className="scroll">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col" className="number">
                  Versions
                </th>
                <th scope="col">Aliases</th>
                <th scope="col">In use</th>
                <th scope="col">Newest</th>
                <th scope="col">Project</th>
                <th scope="col">Description</th>
              </tr>
            </thead>
            <tbody>
              {found.data.models.map((model) => {
                const newest = model.versions[0];
                const stages = model.versions.filter(
                  (one) => !["None", "Archived"].includes(one.stage),
                );
                return (
                  <tr key={model.name}>
                    <th scope="row">
                      <Link to="/models/$model" params={{ model: model.name }}>
                        {model.name}
                      </Link>
                    </th>
                    <td className="number">{model.versions.length}</td>
                    <td>
                      {Object.entries(model.aliases).map(([alias, number]) => (
                        <Badge key={alias} tone="info">
                          {alias} → {number}
                        </Badge>
                      ))}
                    </td>
                    <td>
                      {stages.map((one) => (
                        <Badge key={one.number} tone={one.stage === "Production" ? "good" : "warn"}>
                          {one.stage} {one.number}
                        </Badge>
                      ))}
                    </td>
                    <td>
                      {newest && (
                        <>
                          <Time at={newest.registered} />{" "}
                          <span className="faint">by {newest.by}</span>
                        </>
                      )}
                    </td>
                    <td>{model.project}</td>
                    <td className="list-words">{model.description}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}
