/** Everything that holds some words: by kind, with excerpts, or all of one kind, the best first. */

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { api, told } from "../../api";
import { Empty } from "../../parts/empty";
import { ErrorNote } from "../../parts/error-note";
import { Page } from "../../parts/page";
import { type Found, kindText, KINDS } from "../../shell/found";
import { Result } from "./result";
import type { WordSearch } from "./search";

import "./search.css";

const route = getRouteApi("/search");
const OF_EACH = 6;
const OF_ONE = 50;
const WAIT_MS = 250;
const EXAMPLES = [
  ["plateau warmup", "what holds every word, in any form"],
  ['"learning rate"', "the words next to each other"],
  ["plateau -draft", "not what holds the second word"],
  ["by:ada since:7d", "what a member wrote in seven days"],
  ["project:vision", "of one project"],
] as const;

export function SearchPage() {
  const { q = "", kind } = route.useSearch();
  const navigate = route.useNavigate();
  const go = (search: WordSearch, replace = false) => void navigate({ search, replace });
  return (
    <Page title={q ? `Search: ${q}` : "Search"} heading="Search" className="found">
      <Words
        q={q}
        onWords={(words) => go({ ...(words && { q: words }), ...(kind && { kind }) }, true)}
      />
      {q ? (
        <Results q={q} kind={kind} onKind={(one) => go({ q, ...(one && { kind: one }) })} />
      ) : (
        <Examples title="Find what anybody wrote or recorded, by its words." />
      )}
    </Page>
  );
}

/** The words, which are taken over as they are typed. */
function Words({ q, onWords }: { q: string; onWords: (words: string) => void }) {
  const [text, setText] = useState(q);
  useEffect(() => setText((before) => (before.trim() === q ? before : q)), [q]);
  useEffect(() => {
    const words = text.trim();
    if (words === q) return;
    const timer = window.setTimeout(() => onWords(words), WAIT_MS);
    return () => window.clearTimeout(timer);
    // What is typed waits; that the page is drawn again meanwhile does not begin the wait anew.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [text]);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onWords(text.trim());
      }}
    >
      <input
        type="search"
        className="found-words"
        aria-label="Words to find"
        placeholder="Runs, notes, data, decisions, people …"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}

interface ResultsProps {
  q: string;
  kind: string | undefined;
  onKind: (kind: string | undefined) => void;
}

function Results({ q, kind, onKind }: ResultsProps) {
  const each = useFound(q, undefined);
  const one = useFound(q, kind);
  const shown = kind ? one : each;
  const counts = counted(each.data?.found ?? []);
  if (shown.error) {
    return (
      <>
        <ErrorNote error={shown.error} onAgain={() => void shown.refetch()} />
        <Examples title="What can be asked" />
      </>
    );
  }
  if (!shown.data) return <div className="found-waits" aria-busy="true" />;
  const found = shown.data.found.filter((other) => !kind || other.kind === kind);
  const kinds = Object.keys(KINDS).filter((other) => counts.has(other) || other === kind);
  return (
    <>
      {kinds.length > 0 && (
        <div className="choice bar" role="group" aria-label="Kind">
          <button
            type="button"
            className="button"
            aria-pressed={!kind}
            onClick={() => onKind(undefined)}
          >
            Everything
          </button>
          {kinds.map((other) => (
            <button
              key={other}
              type="button"
              className="button"
              aria-pressed={other === kind}
              onClick={() => onKind(other === kind ? undefined : other)}
            >
              {kindText(other)} <span className="count">{countOf(counts.get(other) ?? 0)}</span>
            </button>
          ))}
        </div>
      )}
      {found.length === 0 ? (
        <Examples title="Nothing holds these words." />
      ) : kind ? (
        <Group kind={kind} found={found} />
      ) : (
        kinds.map((other) => (
          <Group
            key={other}
            kind={other}
            found={found.filter((each) => each.kind === other)}
            onAll={(counts.get(other) ?? 0) < OF_EACH ? undefined : () => onKind(other)}
          />
        ))
      )}
      {found.length >= OF_ONE && (
        <p className="hint">The {OF_ONE} best are shown: more words find less.</p>
      )}
    </>
  );
}

interface GroupProps {
  kind: string;
  found: readonly Found[];
  onAll?: (() => void) | undefined;
}

function Group({ kind, found, onAll }: GroupProps) {
  return (
    <section aria-label={kindText(kind)} className="found-group">
      <h2>{kindText(kind)}</h2>
      <ul className="found-list">
        {found.map((one, index) => (
          <Result key={`${one.id} ${index}`} one={one} />
        ))}
      </ul>
      {onAll && (
        <button type="button" className="link" onClick={onAll}>
          More of these
        </button>
      )}
    </section>
  );
}

function Examples({ title }: { title: string }) {
  return (
    <Empty title={title}>
      <dl className="found-examples">
        {EXAMPLES.map(([words, meaning]) => (
          <div key={words}>
            <dt>
              <code>{words}</code>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Empty>
  );
}

function useFound(q: string, kind: string | undefined) {
  return useQuery({
    queryKey: ["search", q, kind ?? "each"],
    queryFn: ({ signal }) => {
      const query = kind
        ? { text: `${q} sort:${kind}`, limit: OF_ONE, ranked: true }
        : { text: q, limit: OF_EACH };
      return told(api.GET("/search", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
}

function counted(found: readonly Found[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of found) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function countOf(count: number): string {
  return count < OF_EACH ? String(count) : `${OF_EACH}+`;
}
