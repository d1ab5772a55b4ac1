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
  {
    to: "/data",
    label: "Data",
    keys: "g d",
    icon: "M2.5 4c0-1 2.5-1.5 5.5-1.5s5.5.5 5.5 1.5S11 5.5 8 5.5 2.5 5 2.5 4zm0 0v8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5V4M2.5 8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5",
  },
];
