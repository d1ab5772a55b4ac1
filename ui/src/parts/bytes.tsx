/** A size in bytes, exact on hover. */

import { bytesText } from "../api/words";

export function Bytes({ bytes }: { bytes: number }) {
  return (
    <span className="number" title={`${bytes.toLocaleString("en")} bytes`}>
      {bytesText(bytes)}
    </span>
  );
}
