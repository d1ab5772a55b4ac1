/** What people say of the version. */

import { Thread } from "../../parts/thread";
import type { PartProps } from "./page";

export default function Talk({ one }: PartProps) {
  return <Thread about={`data:${one.version.label}`} />;
}
