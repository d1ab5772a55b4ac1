/** Meetings: those ahead, or all; each in the reader's time. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import { usePeople } from "../../api/people";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { State } from "../work/item";
import { spanText } from "./when";

import "./meetings.css";

type Meeting = components["schemas"]["Meeting"];

export function MeetingsPage() {
  const [isAll, setAll] = useState(false);
  const found = useQuery({
    queryKey: ["meetings", isAll],
    queryFn: ({ signal }) =>
      told(api.GET("/meetings", { params: { query: { held: isAll } }, signal })),
  });
  const all = found.data?.meetings;
  return (
    <Page
      title="Meetings"
      tools={
        <label className="bar">
          <input
            type="checkbox"
            checked={isAll}
            onChange={(event) => setAll(event.target.checked)}
          />{" "}
          those that are over, too
        </label>
      }
    >
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {!all && <div aria-busy={!found.error} />}
      {all?.length === 0 && (
        <Empty title={isAll ? "Nobody called a meeting yet." : "No meeting is ahead."}>
          <Link to="/people">Times at which all can meet</Link> stand with the people; one is called
          from there.
        </Empty>
      )}
      {all && all.length > 0 && (
        <ul className="item-list item-lines">
          {all.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Page>
  );
}

function Row({ one }: { one: Meeting }) {
  const { me } = usePeople();
  const mine = one.people.find((each) => each.member === me);
  return (
    <li>
      <Link to="/meetings/$item" params={{ item: one.id }}>
        {one.title}
      </Link>
      {mine?.to_read && <Badge tone="warn">to be read</Badge>}
      {one.state !== "ahead" && <State state={one.state} />}
      <span className="number">{spanText(one.from, one.until)}</span>
      <span className="faint">{one.people.map((each) => each.name).join(", ")}</span>
    </li>
  );
}
