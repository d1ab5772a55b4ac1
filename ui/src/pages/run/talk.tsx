/** What people say of the run: its reviews, and its thread. */

import { Reviews } from "../../parts/reviews";
import { Thread } from "../../parts/thread";
import type { TabProps } from "./run-page";

export default function Talk({ run }: TabProps) {
  const about = `run:${run.id}`;
  return (
    <>
      <Reviews about={about} />
      <Thread about={about} />
    </>
  );
}
