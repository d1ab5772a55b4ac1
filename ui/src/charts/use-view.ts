/** How charts are looked at, read from the address of whichever page shows them. */

import { useMemo } from "react";

import { type ChartSearch, type ChartView, viewOf } from "./view";

/** Return the view that an address says; the same object as long as it says the same. */
export function useView({ x, smooth, log, band, zoom }: ChartSearch): ChartView {
  return useMemo(
    () =>
      viewOf({
        ...(x && { x }),
        ...(smooth && { smooth }),
        ...(log && { log }),
        ...(band === false && { band }),
        ...(zoom && { zoom }),
      }),
    [x, smooth, log, band, zoom],
  );
}
