/** The settings of charts: what stands on the axis, smoothing, logarithms, bands. */

import { useId, useState } from "react";

import type { ChartView } from "./view";

interface Props {
  view: ChartView;
  onView: (view: ChartView) => void;
  /** The metrics that can be an axis. */
  metrics: readonly string[];
}

const NAMES = { step: "Step", relative: "Time since start", time: "Time" } as const;

export function ChartControls({ view, onView, metrics }: Props) {
  const list = useId();
  const [wish, setWish] = useState(view.xMetric);
  const set = (part: Partial<ChartView>) => onView({ ...view, ...part });
  const setAxis = (axis: ChartView["axis"], xMetric = "") =>
    set({ axis, xMetric, window: [null, null], logX: axis === "time" ? false : view.logX });
  return (
    <div className="chart-controls">
      <label>
        X
        <select
          value={view.axis}
          onChange={(event) => {
            const axis = event.target.value as ChartView["axis"];
            setAxis(axis, axis === "metric" ? wish || metrics[0] || "" : "");
          }}
        >
          {Object.entries(NAMES).map(([axis, name]) => (
            <option key={axis} value={axis}>
              {name}
            </option>
          ))}
          {metrics.length > 1 && <option value="metric">Another metric</option>}
        </select>
      </label>
      {view.axis === "metric" && (
        <label>
          <span className="unseen">Metric on the axis</span>
          <input
            list={list}
            defaultValue={view.xMetric}
            onChange={(event) => {
              setWish(event.target.value);
              if (metrics.includes(event.target.value)) setAxis("metric", event.target.value);
            }}
          />
          <datalist id={list}>
            {metrics.slice(0, 500).map((metric) => (
              <option key={metric} value={metric} />
            ))}
          </datalist>
        </label>
      )}
      <label>
        Smooth
        <input
          type="range"
          min={0}
          max={100}
          value={sliderOf(view.smooth)}
          onChange={(event) => set({ smooth: weightOf(Number(event.target.value)) })}
        />
        <output>{view.smooth ? view.smooth.toFixed(3).replace(/0+$/, "") : "off"}</output>
      </label>
      <Toggle on={view.logY} onSet={(logY) => set({ logY })} label="Log Y" />
      {view.axis !== "time" && (
        <Toggle on={view.logX} onSet={(logX) => set({ logX })} label="Log X" />
      )}
      <Toggle on={view.band} onSet={(band) => set({ band })} label="Min–max band" />
    </div>
  );
}

function Toggle(props: { on: boolean; onSet: (on: boolean) => void; label: string }) {
  return (
    <label>
      <input
        type="checkbox"
        checked={props.on}
        onChange={(event) => props.onSet(event.target.checked)}
      />
      {props.label}
    </label>
  );
}

/** The slider is finer where weights are near 1, as there a little changes much. */
const BASE = 0.93;

function weightOf(slider: number): number {
  return slider ? Math.round((1 - BASE ** slider) * 10_000) / 10_000 : 0;
}

function sliderOf(weight: number): number {
  return weight ? Math.round(Math.log(1 - weight) / Math.log(BASE)) : 0;
}
