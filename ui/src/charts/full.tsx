/** A chart as large as the window. */

import { useEffect, useRef, useState } from "react";

import { Chart, type ChartProps } from "./chart";

const AROUND_PX = 130;

export function FullChart({ onClose, ...chart }: ChartProps & { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [height, setHeight] = useState(window.innerHeight - AROUND_PX);
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.focus();
    const resize = () => setHeight(window.innerHeight - AROUND_PX);
    window.addEventListener("resize", resize);
    return () => window.removeEventListener("resize", resize);
  }, []);
  return (
    <dialog
      className="chart-full"
      ref={dialog}
      tabIndex={-1}
      onClose={onClose}
      aria-label={chart.metric}
    >
      <Chart {...chart} height={Math.max(200, height)} onFull={onClose} isFull />
    </dialog>
  );
}
