/** A registered model: its versions, what each came from, and which are in use. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Command } from "../../parts/code";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Reviews } from "../../parts/reviews";
import { Thread } from "../../parts/thread";
import { Time } from "../../parts/time";
import { WhyLink } from "../../parts/why-link";
import { useActions } from "../../shell/actions";

import "../data/data.css";

const route = getRouteApi("/models/$model");
const STAGES: Record<string, "good" | "warn" | "quiet"> = { Production: "good", Staging: "warn" };

type Model = components["schemas"]["ModelShape"];

export function ModelPage() {
  const { model } = route.useParams();
  const found = useQuery({
    queryKey: ["models", model],
    queryFn: ({ signal }) =>
      told(api.GET("/models/{name}", { params: { path: { name: model } }, signal })),
  });
  return (
    <Page title={found.data?.name ?? model} className="list-page">
      {found.error ? (
        <ErrorNote error={found.error} onAgain={() => void found.refetch()} />
      ) : found.data ? (
        <Versions model={found.data} />
      ) : (
        <div aria-busy="true" />
      )}
    </Page>
  );
}

function Versions({ model }: { model: Model }) {
  const aliasesOf = (number: number) =>
    Object.entries(model.aliases)
      .filter(([, one]) => one === number)
      .map(([alias]) => alias);
  const runs = model.versions.flatMap((one) => (one.run ? [one.run] : [])).slice(0, 200);
  return (
    <>
      <p className="data-facts">
        <span>project {model.project}</span>
        <span>
          made <Time at={model.made} />
        </span>
      </p>
      {model.description && <p className="data-message">{model.description}</p>}
      <div className="bar">
        <Command
          text={`afield model alias ${model.name}@${model.versions[0]?.number ?? 1} champion`}
        />
        {runs.length > 1 && (
          <Link to="/compare" search={{ runs: runs.join(",") }} className="button">
            Compare the runs of its versions
          </Link>
        )}
      </div>
      <div className="scroll">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Aliases</th>
              <th scope="col">Stage</th>
              <th scope="col">From</th>
              <th scope="col">Registered</th>
              <th scope="col">Description</th>
              <th scope="col">
                <span className="unseen">Where it came from</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {model.versions.map((one) => (
              <tr key={one.number}>
                <th scope="row">
                  <Link
                    to="/models/$model"
                    params={{ model: model.name }}
                    search={{ version: one.number }}
                    resetScroll={false}
                  >
                    {one.label}
                  </Link>
                </th>
                <td>
                  {aliasesOf(one.number).map((alias) => (
                    <Badge key={alias} tone="info">
                      {alias}
                    </Badge>
                  ))}
                </td>
                <td>
                  {one.stage === "None" ? (
                    <span className="faint">–</span>
                  ) : (
                    <Badge tone={STAGES[one.stage] ?? "quiet"}>{one.stage}</Badge>
                  )}
                </td>
                <td className="list-words" title={one.source}>
                  {one.run ? (
                    <Link to="/runs/$run" params={{ run: one.run }} search={{ tab: "files" }}>
                      {one.source.replace(/^runs:\/[^/]+\/?/, "") || one.run}
                    </Link>
                  ) : (
                    one.source
                  )}
                </td>
                <td>
                  <Time at={one.registered} /> <span className="faint">by {one.by}</span>
                </td>
                <td className="list-words">{one.description}</td>
                <td>
                  <WhyLink what={`model:${one.label}`} name={one.label} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Talk model={model} />
    </>
  );
}

/** What people say of one version: the newest, or the one that the address names. */
function Talk({ model }: { model: Model }) {
  const { version } = route.useSearch();
  const navigate = route.useNavigate();
  const [newest] = model.versions;
  const named = model.versions.find(
    (one) => one.number === version || one.link.endsWith(`@${version}`),
  );
  const one = named ?? newest;
  useActions(
    one
      ? [
          {
            group: "Models",
            label: `Why: what ${one.label} came from`,
            keys: "w",
            run: () => void navigate({ to: "/why", search: { what: `model:${one.label}` } }),
          },
        ]
      : [],
  );
  if (!newest || !one) return null;
  const choose = (number: number) =>
    void navigate({
      search: number === newest.number ? {} : { version: number },
      replace: true,
      resetScroll: false,
    });
  return (
    <section aria-label="Talk" className="model-talk">
      <label>
        What is said of{" "}
        <select value={one.number} onChange={(event) => choose(Number(event.target.value))}>
          {model.versions.map((each) => (
            <option key={each.number} value={each.number}>
              {each.label}
            </option>
          ))}
        </select>
      </label>
      {version !== undefined && !named && (
        <p role="status">
          {model.name} has no version {version}; the newest is shown.
        </p>
      )}
      <Reviews key={`reviews ${one.link}`} about={one.link} title={`Reviews of ${one.label}`} />
      <Thread
        key={`thread ${one.link}`}
        about={one.link}
        title={`What was said about ${one.label}`}
      />
    </section>
  );
}
