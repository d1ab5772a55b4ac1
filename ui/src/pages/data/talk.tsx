/** What people say of the version: its reviews, and its thread. */

import { Reviews } from "../../parts/reviews";
import { Thread } from "../../parts/thread";
import type { PartProps } from "./page";

export default function Talk({ one }: PartProps) {
  const about = `data:${one.version.label}`;
  return (
    <>
      <Reviews about={about} />
      <Thread about={about} />
    </>
  );
}
