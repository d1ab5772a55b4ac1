/** What the team works on: asks, blockers, tasks, decisions, reviews. */

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { Page } from "../../parts/page";
import { Right, useMay } from "../../parts/right";
import { Tabs } from "../../parts/tabs";
import { useActions } from "../../shell/actions";
import { Begin } from "./begin";
import { Asks, Blockers, Decisions, Reviews } from "./lists";
import { type Kind, KINDS, type WorkSearch } from "./search";
import { Tasks } from "./tasks";

import "./work.css";

const LISTS = {
  asks: Asks,
  blockers: Blockers,
  tasks: Tasks,
  decisions: Decisions,
  reviews: Reviews,
} as const;

export function WorkPage() {
  const { tab = "asks", closed = false }: WorkSearch = useSearch({ strict: false });
  const [isNew, setNew] = useState(false);
  const navigate = useNavigate();
  const go = (kind: Kind, isAll: boolean) =>
    void navigate({
      to: "/work",
      search: { ...(kind === "asks" ? {} : { tab: kind }), ...(isAll ? { closed: true } : {}) },
      replace: true,
    });
  const may = useMay();
  useActions(
    may("team.write")
      ? [{ group: "Work", label: "Something new", keys: "c", run: () => setNew(true) }]
      : [],
  );
  const List = LISTS[tab];
  return (
    <Page
      title="Work"
      className="work"
      tools={
        <>
          <label>
            <input
              type="checkbox"
              checked={closed}
              onChange={(event) => go(tab, event.target.checked)}
            />{" "}
            what is over, too
          </label>
          <Right to="team.write" isTold>
            <button type="button" className="button primary" onClick={() => setNew(true)}>
              New
            </button>
          </Right>
        </>
      }
    >
      <Tabs
        label="Kinds of work"
        tabs={KINDS.map((id) => ({ id, label: `${id.charAt(0).toUpperCase()}${id.slice(1)}` }))}
        open={tab}
        onOpen={(kind) => go(kind, closed)}
      >
        <List isAll={closed} />
      </Tabs>
      {isNew && <Begin kind={tab} onClose={() => setNew(false)} />}
    </Page>
  );
}
