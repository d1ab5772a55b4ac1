/**
 * Work for the server that stands in a row: what was asked first is answered first, in place of
 * all of it at once and late.
 */

type Turns = <Result>(work: () => Promise<Result>, signal?: AbortSignal) => Promise<Result>;

/** Return what starts work as soon as fewer than `most` are at it; work given up never starts. */
export function turns(most: number): Turns {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work, signal) => {
    if (busy >= most) await new Promise<void>((go) => waiting.push(go));
    else busy += 1;
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}
