/** All datasets, each by its newest version. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import { Badge } from "../../parts/badge";
import { Bytes } from "../../parts/bytes";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Time } from "../../parts/time";

import "./data.css";

const route = getRouteApi("/data");

export function DatasetsPage() {
  const { find = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const found = useQuery({
    queryKey: ["datasets"],
    queryFn: ({ signal }) => told(api.GET("/datasets", { signal })),
  });
  const all = found.data?.datasets ?? [];
  const shown = all.filter((one) => one.name.toLowerCase().includes(find.toLowerCase()));
  return (
    <Page title="Data" className="data">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : !found.data ? (
        <div aria-busy="true" />
      ) : all.length === 0 ? (
        <Empty title="No data has a version yet." command="afield data add PATH --name NAME">
          <p>
            A version is kept whole, compared with others, and found again by every run that reads
            it.
          </p>
        </Empty>
      ) : (
        <>
          {all.length > 10 && (
            <div className="bar">
              <input
                type="search"
                aria-label="Find a dataset"
                placeholder="Find a dataset"
                value={find}
                onChange={(event) =>
                  void navigate({
                    search: event.target.value ? { find: event.target.value } : {},
                    replace: true,
                  })
                }
              />
            </div>
          )}
          <div className="scroll">
            <table className="list">
              <thead>
                <tr>
                  <th scope="col">Dataset</th>
                  <th scope="col">Newest</th>
                  <th scope="col" className="number">
                    Files
                  </th>
                  <th scope="col" className="number">
                    Size
                  </th>
                  <th scope="col">Added</th>
                  <th scope="col">Card</th>
                  <th scope="col">Message</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((one) => (
                  <tr key={one.name}>
                    <th scope="row">
                      <Link to="/data/$version" params={{ version: one.label }}>
                        {one.name}
                      </Link>
                    </th>
                    <td>@{one.version}</td>
                    <td className="number">{one.files.toLocaleString("en")}</td>
                    <td className="number">
                      <Bytes bytes={one.size_bytes} />
                    </td>
                    <td>
                      <Time at={one.added} /> <span className="faint">by {one.by}</span>
                    </td>
                    <td>
                      {one.card.complete ? (
                        <Badge tone="good">complete</Badge>
                      ) : (
                        <Badge tone="warn" title={`missing: ${one.card.missing.join(", ")}`}>
                          {one.card.missing.length} missing
                        </Badge>
                      )}
                    </td>
                    <td className="list-words">{one.message}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Page>
  );
}
