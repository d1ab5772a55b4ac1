/** What is shown when a page fails, or there is none: what happened, and what to do. */

import { Link } from "@tanstack/react-router";

import { ErrorNote } from "../parts/error-note";

export function PageFault({ error, reset }: { error: unknown; reset?: () => void }) {
  const isOld =
    error instanceof TypeError && /dynamically imported|module script/i.test(error.message);
  if (isOld) {
    return (
      <main className="page">
        <h1>There is a newer page</h1>
        <p>The server was updated while this page was open.</p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Load it
        </button>
      </main>
    );
  }
  return (
    <main className="page">
      <h1>This page could not be shown</h1>
      <ErrorNote error={error} onAgain={reset ?? (() => location.reload())} />
    </main>
  );
}

export function PageMissing() {
  return (
    <main className="page">
      <h1>There is no such page</h1>
      <p>
        The address may be mistyped, or of a newer version. <Link to="/runs">See all runs</Link>.
      </p>
    </main>
  );
}
