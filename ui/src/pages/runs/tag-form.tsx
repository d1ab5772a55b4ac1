/** Sets a tag of many runs, or takes it away. */

import { useState } from "react";

import { countText } from "../../api/words";
import { Dialog } from "../../parts/dialog";
import { ErrorNote } from "../../parts/error-note";
import { useMarks, useNames } from "./data";

export function TagForm({ runs, onClose }: { runs: readonly string[]; onClose: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const names = useNames("tags");
  const marks = useMarks();
  const change = (what: { tags: Record<string, string> } | { remove: string[] }) =>
    marks.mutate({ runs: [...runs], ...what }, { onSuccess: onClose });
  return (
    <Dialog title={`Tag ${countText(runs.length, "run")}`} onClose={onClose} className="runs-tag">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          change({ tags: { [name]: value } });
        }}
      >
        <label>
          Tag
          <input
            list="runs-tags"
            required
            autoFocus
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <datalist id="runs-tags">
          {names.data?.names.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <label>
          Value
          <input value={value} onChange={(event) => setValue(event.target.value)} />
        </label>
        {marks.error && <ErrorNote error={marks.error} />}
        <div className="bar">
          <button type="submit" className="button primary" disabled={!name || marks.isPending}>
            Set
          </button>
          <button
            type="button"
            className="button"
            disabled={!name || marks.isPending}
            onClick={() => change({ remove: [name] })}
          >
            Take away
          </button>
          <button type="button" className="button quiet" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
