/** What is done with the runs that are chosen: compare, tag, delete, restore. */

import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";

import { countText } from "../../api/words";
import { ErrorNote } from "../../parts/error-note";
import { Right, useMay } from "../../parts/right";
import { useActions } from "../../shell/actions";
import { type Run, useMarks } from "./data";
import type { SetSearch } from "./page";
import type { RunsSearch } from "./search";
import { TagForm } from "./tag-form";

export interface Chosen {
  ids: ReadonlySet<string>;
  onChoose: (run: Run, index: number, isRange: boolean) => void;
  set: (ids: readonly string[]) => void;
}

const COMPARED_MAX = 200;

/** Return the runs that the address says are chosen, and how to choose others. */
export function useChosen(
  search: RunsSearch,
  setSearch: SetSearch,
  rowAt: (index: number) => Run | undefined,
): Chosen {
  const from = useRef<number | null>(null);
  const ids = useMemo(() => new Set(search.chosen), [search.chosen]);
  const set = (next: readonly string[]) =>
    setSearch({ chosen: next.length > 0 ? [...next] : undefined });
  const onChoose = (run: Run, index: number, isRange: boolean) => {
    const next = new Set(ids);
    const start = isRange ? (from.current ?? index) : index;
    const isAdding = !ids.has(run.id);
    for (let at = Math.min(start, index); at <= Math.max(start, index); at++) {
      const id = rowAt(at)?.id;
      if (!id) continue;
      if (isAdding) next.add(id);
      else next.delete(id);
    }
    from.current = index;
    set([...next]);
  };
  return { ids, onChoose, set };
}

export function Bulk({ chosen, withDeleted }: { chosen: Chosen; withDeleted: boolean }) {
  const [isTagging, setTagging] = useState(false);
  const [undo, setUndo] = useState<readonly string[]>([]);
  const navigate = useNavigate();
  const marks = useMarks();
  const may = useMay();
  const runs = [...chosen.ids];
  const many = runs.length > 0;
  const compare = () =>
    void navigate({
      href: `/compare?runs=${runs.slice(0, COMPARED_MAX).join(",")}`,
    });
  const remove = () =>
    marks.mutate(
      { runs, deleted: true },
      {
        onSuccess: () => {
          setUndo(runs);
          chosen.set([]);
        },
      },
    );
  const restore = (these: readonly string[]) =>
    marks.mutate({ runs: [...these], deleted: false }, { onSuccess: () => setUndo([]) });
  const isPair = runs.length > 1;
  useActions([
    ...(isPair
      ? [{ group: "Runs", label: "Compare the chosen runs", keys: "c", run: compare }]
      : []),
    ...(many && may("run.edit")
      ? [{ group: "Runs", label: "Tag the chosen runs", keys: "t", run: () => setTagging(true) }]
      : []),
    ...(many && may("run.delete")
      ? [{ group: "Runs", label: "Delete the chosen runs", keys: "shift+d", run: remove }]
      : []),
    ...(many
      ? [{ group: "Runs", label: "Choose none", keys: "escape", run: () => chosen.set([]) }]
      : []),
  ]);
  if (!many && undo.length === 0 && !marks.error) return null;
  return (
    <section className="runs-bulk" aria-label="The chosen runs">
      {marks.error && <ErrorNote error={marks.error} />}
      {undo.length > 0 && (
        <p role="status" className="bar">
          {countText(undo.length, "run")} deleted; nothing is lost.
          <button type="button" className="button" onClick={() => restore(undo)}>
            Restore
          </button>
          <button type="button" className="button quiet" onClick={() => setUndo([])}>
            Done
          </button>
        </p>
      )}
      {many && (
        <div className="bar">
          <strong>{countText(runs.length, "run")} chosen</strong>
          <button
            type="button"
            className="button primary"
            disabled={!isPair}
            title="c"
            onClick={compare}
          >
            Compare
          </button>
          <Right to="run.edit">
            <button type="button" className="button" title="t" onClick={() => setTagging(true)}>
              Tag
            </button>
          </Right>
          <Right to="run.delete">
            <button
              type="button"
              className="button"
              disabled={marks.isPending}
              title="Shift+D"
              onClick={remove}
            >
              Delete
            </button>
          </Right>
          {withDeleted && may("run.delete") && (
            <button
              type="button"
              className="button"
              disabled={marks.isPending}
              onClick={() => restore(runs)}
            >
              Restore
            </button>
          )}
          <button type="button" className="button quiet" title="Esc" onClick={() => chosen.set([])}>
            Choose none
          </button>
        </div>
      )}
      {isTagging && <TagForm runs={runs} onClose={() => setTagging(false)} />}
    </section>
  );
}
