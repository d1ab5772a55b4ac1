/** One review: what is looked at, who looks by when, what they found, and what they said where. */

import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Due } from "../../parts/due";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Thread } from "../../parts/thread";
import { Say } from "../../parts/say";
import { Found, judgements } from "../../parts/verdicts";
import { Links, State } from "./item";

import "./work.css";

type Review = components["schemas"]["Review"];

export function ReviewPage() {
  const { item = "" } = useParams({ strict: false });
  const found = useQuery({
    queryKey: ["review", item],
    queryFn: ({ signal }) =>
      told(api.GET("/reviews/{item}", { params: { path: { item } }, signal })),
  });
  const one = found.data;
  return (
    <Page
      title={`Review: ${one?.title ?? ""}`}
      tools={
        one && (
          <>
            {one.contested && <Badge tone="warn">contested</Badge>}
            <State state={one.state} />
          </>
        )
      }
    >
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {one ? <Told one={one} /> : <div aria-busy={!found.error} />}
    </Page>
  );
}

function Told({ one }: { one: Review }) {
  const { me } = usePeople();
  const links = [one.about, one.against].filter((link) => link !== null);
  return (
    <div className="work-one">
      <p className="hint">
        {one.by} asks
        <Links links={links} labels={one.labels} />
      </p>
      {one.detail && <p>{one.detail}</p>}
      <section>
        <h2>Who looks</h2>
        {one.asked.length === 0 && <p className="hint">Nobody was asked by name.</p>}
        <ul className="work-rows">
          {one.asked.map((each) => (
            <li key={each.member}>
              {each.name} {each.away && <Badge tone="warn">away until after that</Badge>}{" "}
              {each.verdict ? <Found verdict={each.verdict} /> : <Due at={each.due_ms} />}
            </li>
          ))}
        </ul>
      </section>
      {one.verdicts.length > 0 && (
        <section>
          <h2>What they found</h2>
          <ul className="work-rows">
            {one.verdicts.map((each) => (
              <li key={each.member}>
                <b>{each.name}</b> <Found verdict={each.verdict} />
                {each.evidence && <Links links={[each.evidence]} labels={one.labels} />}
                {each.text && <p>{each.text}</p>}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Thread about={`review:${one.id}`} />
      {one.author !== me && one.state !== "withdrawn" && (
        <section className="card" aria-label="What you found">
          <h2>What you found</h2>
          <Say label="Why" sayings={judgements(one.id)} />
        </section>
      )}
    </div>
  );
}
