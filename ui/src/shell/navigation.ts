/** The pages that the navigation names, with their icon's path and keys. Only what works is here. */

export interface Place {
  to: string;
  label: string;
  keys: string;
  /** The `d` of an icon drawn on 16 by 16 with lines of 1.5. */
  icon: string;
}

export const PLACES: readonly Place[] = [
  {
    to: "/today",
    label: "Today",
    keys: "g t",
    icon: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.4",
  },
  { to: "/runs", label: "Runs", keys: "g r", icon: "M2.5 4h11M2.5 8h11M2.5 12h7" },
  {
    to: "/data",
    label: "Data",
    keys: "g d",
    icon: "M2.5 4c0-1 2.5-1.5 5.5-1.5s5.5.5 5.5 1.5S11 5.5 8 5.5 2.5 5 2.5 4zm0 0v8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5V4M2.5 8c0 1 2.5 1.5 5.5 1.5s5.5-.5 5.5-1.5",
  },
  {
    to: "/models",
    label: "Models",
    keys: "g m",
    icon: "M8 2.2 13.5 5v6L8 13.8 2.5 11V5zM2.5 5 8 7.8 13.5 5M8 7.8v6",
  },
  { to: "/record", label: "Record", keys: "g e", icon: "M4 2.5v11M4 4.5h8.5M4 8h6.5M4 11.5h8.5" },
];
