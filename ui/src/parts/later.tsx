/**
 * Parts of a page whose code comes when they are first shown. React's own `lazy` keeps back for
 * 0.3 s what came after a fallback, be it there at once; here it shows as soon as it is there.
 */

import { useEffect, useState, type ComponentType } from "react";

type Later<Props> = ComponentType<Props> & {
  /** Bring the code before anybody asks for it. */
  ahead: () => void;
};

/** Return a component that loads what it shows. */
export function later<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): Later<Props> {
  let Found: ComponentType<Props> | undefined;
  const bring = async () => {
    Found = (await load()).default;
  };
  function Part(props: Props) {
    const [, setThere] = useState(Found !== undefined);
    const [fault, setFault] = useState<unknown>(null);
    useEffect(() => {
      if (!Found) bring().then(() => setThere(true), setFault);
    }, []);
    if (fault) throw fault;
    return Found ? <Found {...props} /> : <div aria-busy="true" />;
  }
  return Object.assign(Part, { ahead: () => void bring().catch(() => undefined) });
}
