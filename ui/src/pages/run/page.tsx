/** The address of a run, and its page. */

import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

import { RunPage } from "./run-page";
import { runSearch, type SetSearch } from "./search";

export function RunRoute() {
  const { run = "" } = useParams({ strict: false }) as { run?: string };
  const search = runSearch(useSearch({ strict: false }));
  const navigate = useNavigate();
  const setSearch: SetSearch = useCallback(
    (part, how) =>
      void navigate({
        to: ".",
        search: (before: Record<string, unknown>) => ({ ...before, ...part }) as never,
        replace: how?.replace ?? false,
        resetScroll: false,
      }),
    [navigate],
  );
  return <RunPage id={run} search={search} setSearch={setSearch} />;
}
