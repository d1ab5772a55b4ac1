/** All keys that do something now, by group. */

import { Dialog } from "../parts/dialog";
import { Keys } from "../parts/keys";
import { type Action, useAllActions } from "./actions";

export default function KeysHelp({ onClose }: { onClose: () => void }) {
  const withKeys = useAllActions().filter((one) => one.keys);
  const groups = Map.groupBy(withKeys, (one: Action) => one.group);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="keys-help">
        {[...groups].map(([group, actions]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {actions.map((one) => (
                <div key={`${one.label}${one.keys}`}>
                  <dt>{one.label}</dt>
                  <dd>
                    <Keys keys={one.keys ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
