/** Keys as they stand on the keyboard: `g r` is two, one after another. */

import { keysText } from "../shell/actions";

export function Keys({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {keysText(keys).map((one, index) => (
        <kbd key={`${one}${index}`}>{one}</kbd>
      ))}
    </span>
  );
}
