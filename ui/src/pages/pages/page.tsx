/** One page: its text, what it links to and what links to it, its edits; edited and settled here. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { api, told } from "../../api";
import type { components } from "../../api/schema";
import { countText } from "../../api/words";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { Prose } from "../../parts/prose";
import { Right, useMay } from "../../parts/right";
import { Thread } from "../../parts/thread";
import { Time } from "../../parts/time";
import { Links } from "../work/item";
import { State } from "./list";

import "../work/work.css";
import "./pages.css";

type Shape = components["schemas"]["Page"];
type Paragraph = components["schemas"]["Paragraph"];

/** What one sees while editing: the edits are taken with the text, so that the others' are merged. */
interface Editing {
  text: string;
  base: string[];
}

export function PagePage() {
  const { item = "" } = useParams({ strict: false });
  const [editing, setEditing] = useState<Editing | null>(null);
  const found = useQuery({
    queryKey: ["page", item],
    queryFn: ({ signal }) => told(api.GET("/pages/{item}", { params: { path: { item } }, signal })),
  });
  const one = found.data;
  const may = useMay();
  const canEdit = one !== undefined && one.state !== "conflicted" && editing === null;
  return (
    <Page
      title={one?.title ?? "Page"}
      tools={
        one && (
          <>
            <State state={one.state} />
            {canEdit && may("team.write") && (
              <button
                type="button"
                className="button"
                onClick={() => setEditing({ text: one.text, base: one.heads })}
              >
                Edit
              </button>
            )}
          </>
        )
      }
    >
      {found.error && <ErrorNote error={found.error} onAgain={() => void found.refetch()} />}
      {!one && <div aria-busy={!found.error} />}
      {one && (
        <>
          <p className="hint pages-head">
            {one.owner_name ?? one.by} looks after it
            {one.review && `, and at it again by ${one.review}`}. Last changed{" "}
            <Time at={new Date(one.touched_ms).toISOString()} />.
          </p>
          {editing ? (
            <Edit one={one} from={editing} onDone={() => setEditing(null)} />
          ) : one.state === "conflicted" ? (
            <Right to="team.write" isTold>
              <Settle one={one} />
            </Right>
          ) : (
            <Prose text={one.text} />
          )}
          <Around one={one} />
          <Thread about={`page:${one.id}`} />
        </>
      )}
    </Page>
  );
}

function useEdit(item: string, onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Editing) =>
      told(api.POST("/pages/{item}/edits", { params: { path: { item } }, body })),
    onSuccess: async () => {
      await queries.invalidateQueries();
      onDone();
    },
  });
}

interface EditProps {
  one: Shape;
  from: Editing;
  onDone: () => void;
}

function Edit({ one, from, onDone }: EditProps) {
  const [text, setText] = useState(from.text);
  const edit = useEdit(one.id, onDone);
  const isOvertaken = one.heads.join() !== from.base.join();
  const isReady = text.trim() !== "" && !edit.isPending;
  const keep = () => {
    if (isReady) edit.mutate({ text, base: from.base });
  };
  return (
    <form
      className="pages-new"
      onSubmit={(event) => {
        event.preventDefault();
        keep();
      }}
    >
      <textarea
        autoFocus
        aria-label="Text of the page"
        rows={Math.min(30, Math.max(12, text.split("\n").length + 2))}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) keep();
        }}
      />
      {isOvertaken && (
        <p className="hint" role="status">
          Somebody else changed the page meanwhile. What you keep is merged with it, paragraph by
          paragraph.
        </p>
      )}
      <div className="bar">
        <button type="submit" className="button primary" disabled={!isReady}>
          Keep
        </button>
        <button type="button" className="button" onClick={onDone}>
          Leave it
        </button>
      </div>
      {edit.error && <ErrorNote error={edit.error} />}
    </form>
  );
}

/** A page of which two wrote a paragraph apart: one chooses, then it is one text again. */
function Settle({ one }: { one: Shape }) {
  const [chosen, setChosen] = useState<Record<number, string>>({});
  const edit = useEdit(one.id, () => setChosen({}));
  const open = one.paragraphs.filter((part, at) => part.others.length && chosen[at] === undefined);
  const settled = one.paragraphs
    .map((part, at) => chosen[at] ?? part.text)
    .filter((text) => text !== "")
    .join("\n\n");
  return (
    <>
      {one.paragraphs.map((part, at) =>
        part.others.length ? (
          <Versions
            key={at}
            part={part}
            chosen={chosen[at]}
            onChoose={(text) => setChosen({ ...chosen, [at]: text })}
          />
        ) : (
          <Prose key={at} text={part.text} />
        ),
      )}
      <div className="bar">
        <button
          type="button"
          className="button primary"
          disabled={open.length > 0 || settled === "" || edit.isPending}
          onClick={() => edit.mutate({ text: settled, base: one.heads })}
        >
          Settle
        </button>
        {open.length > 0 && (
          <span className="hint">{countText(open.length, "paragraph")} to choose</span>
        )}
      </div>
      {edit.error && <ErrorNote error={edit.error} />}
    </>
  );
}

interface VersionsProps {
  part: Paragraph;
  chosen: string | undefined;
  onChoose: (text: string) => void;
}

function Versions({ part, chosen, onChoose }: VersionsProps) {
  const versions = [{ text: part.text, by: part.by }, ...part.others];
  const both = versions
    .map((one) => one.text)
    .filter((text) => text !== "")
    .join("\n\n");
  const names = versions.map((one) => one.by).join(" and ");
  return (
    <fieldset className="card pages-versions">
      <legend>{names} wrote this apart</legend>
      <div className="pages-sides">
        {versions.map((one, at) => (
          <section key={at} aria-label={`As ${one.by} has it`}>
            {one.text ? <Prose text={one.text} /> : <p className="hint">Taken away.</p>}
            <Choice
              label={one.text ? `Take ${one.by}'s` : `Take it away, as ${one.by} did`}
              isChosen={chosen === one.text}
              onChoose={() => onChoose(one.text)}
            />
          </section>
        ))}
      </div>
      {versions.every((one) => one.text) && (
        <Choice label="Keep both" isChosen={chosen === both} onChoose={() => onChoose(both)} />
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  label: string;
  isChosen: boolean;
  onChoose: () => void;
}

function Choice({ label, isChosen, onChoose }: ChoiceProps) {
  return (
    <button
      type="button"
      className={isChosen ? "button primary" : "button"}
      aria-pressed={isChosen}
      onClick={onChoose}
    >
      {label}
    </button>
  );
}

function Around({ one }: { one: Shape }) {
  return (
    <aside className="pages-around">
      {one.about.length > 0 && (
        <p>
          Links to: <Links links={one.about} labels={one.labels} />
        </p>
      )}
      {one.named_by.length > 0 && (
        <p>
          Named by: <Links links={one.named_by} labels={one.labels} />
        </p>
      )}
      {one.broken.length > 0 && (
        <p role="note">
          Nothing here is called {one.broken.join(", ")}: not synced yet, or misspelt.
        </p>
      )}
      <details>
        <summary>{countText(one.history.length, "edit")}</summary>
        <ol className="pages-history">
          {one.history.map((edit) => (
            <li key={edit.place}>
              {edit.by}, <Time at={new Date(edit.at_ms).toISOString()} />
              <span className="faint"> ({countText(edit.chars, "character")})</span>
            </li>
          ))}
        </ol>
      </details>
    </aside>
  );
}
