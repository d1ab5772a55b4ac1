/** Pages: what people wrote down for one another, those whose day of review is over first marked. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { Badge } from "../../parts/badge";
import { Dialog } from "../../parts/dialog";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Right } from "../../parts/right";
import { Time } from "../../parts/time";

import "./pages.css";

type Shape = components["schemas"]["Page"];

export function PagesPage() {
  const [isNew, setNew] = useState(false);
  const found = useQuery({
    queryKey: ["pages"],
    queryFn: ({ signal }) => told(api.GET("/pages", { signal })),
  });
  const all = found.data?.pages;
  return (
    <Page
      title="Pages"
      tools={
        <Right to="team.write" isTold>
          <button type="button" className="button primary" onClick={() => setNew(true)}>
            Write a page
          </button>
        </Right>
      }
    >
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {!all && <div aria-busy={!found.error} />}
      {all?.length === 0 && (
        <Empty
          title="Nobody wrote a page yet."
          command='afield page "How we split" --file split.md'
        />
      )}
      {all && all.length > 0 && (
        <ul className="item-list item-lines">
          {all.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
      {isNew && <Begin onClose={() => setNew(false)} />}
    </Page>
  );
}

function Row({ one }: { one: Shape }) {
  return (
    <li>
      <Link to="/pages/$item" params={{ item: one.id }}>
        {one.title}
      </Link>
      <State state={one.state} />
      <span className="faint">{one.owner_name ?? one.by}</span>
      <Time at={new Date(one.touched_ms).toISOString()} />
    </li>
  );
}

/** Says what somebody has to do about a page; nothing where there is nothing to do. */
export function State({ state }: { state: Shape["state"] }) {
  if (state === "conflicted") return <Badge tone="bad">two versions of a paragraph</Badge>;
  if (state === "due") return <Badge tone="warn">to be looked at again</Badge>;
  return null;
}

function Begin({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const make = useMutation({
    mutationFn: () => told(api.POST("/pages", { body: { title, text, project: "default" } })),
    onSuccess: async (made) => {
      await queries.invalidateQueries();
      await navigate({ to: "/pages/$item", params: { item: made.id } });
    },
  });
  const isReady = title.trim() !== "" && text.trim() !== "" && !make.isPending;
  return (
    <Dialog title="Write a page" onClose={onClose}>
      <form
        className="pages-new"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) make.mutate();
        }}
      >
        <label>
          What it is called
          <input
            autoFocus
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        <label>
          Text: Markdown; run:NAME, data:NAME@3 and decision:ID are links
          <textarea rows={12} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <div className="bar">
          <button type="submit" className="button primary" disabled={!isReady}>
            Keep
          </button>
          <button type="button" className="button" onClick={onClose}>
            Leave it
          </button>
        </div>
        {make.error && <ErrorNote error={make.error} />}
      </form>
    </Dialog>
  );
}
