/** What the hub refused of one's own account, and how to go on. */

import { ApiFault } from "../../api";
import { ErrorNote } from "../../parts/error-note";

/** A refusal; of what wants a fresh login, with the way to one. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  const isOld = error instanceof ApiFault && error.code === "accounts.not_fresh";
  return (
    <>
      <ErrorNote error={error} />
      {isOld && (
        <p>
          <a href="/login" className="button">
            Log in again
          </a>
        </p>
      )}
    </>
  );
}
