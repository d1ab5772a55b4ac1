/** Chooses a param or metric of the runs that are compared. */

import type { Column } from "./data";

interface ChooseProps {
  label: string;
  columns: readonly Column[];
  value: string;
  onValue: (key: string) => void;
}

export function ChooseColumn({ label, columns, value, onValue }: ChooseProps) {
  const some = (start: string) => columns.filter((one) => one.key.startsWith(start));
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => onValue(event.target.value)}>
        {[["Params", some("params.")] as const, ["Metrics", some("metrics.")] as const].map(
          ([title, list]) =>
            list.length > 0 && (
              <optgroup key={title} label={title}>
                {list.map((one) => (
                  <option key={one.key} value={one.key}>
                    {one.name}
                  </option>
                ))}
              </optgroup>
            ),
        )}
      </select>
    </label>
  );
}
