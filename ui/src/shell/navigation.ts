/** The pages that the navigation names, with their icon's path and keys. Only what works is here. */

export interface Place {
  to: string;
  label: string;
  keys: string;
  /** The `d` of an icon drawn on 16 by 16 with lines of 1.5. */
  icon: string;
}

export const PLACES: readonly Place[] = [
  { to: "/runs", label: "Runs", keys: "g r", icon: "M2.5 4h11M2.5 8h11M2.5 12h7" },
];
