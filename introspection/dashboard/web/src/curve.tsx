// One figure and its last ten minutes.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { samples } from "./model";
import { dark } from "./theme";
import type { Sample } from "./types";

interface Props {
  title: string;
  series: Exclude<keyof Sample, "time_ms">;
  unit: string;
  format: (n: number) => string;
}

const height = 110;
const spanMin_s = 60;

const minutes = [1, 2, 5, 10].map((n) => n * 60);
const binarySteps = Array.from({ length: 50 }, (_, i) => 2 ** i);

/** All samples there are, but at least a minute, so that the first ones do not fill the width. */
function span(_u: uPlot, min: number | null, max: number | null): [number, number] {
  const end = max ?? Date.now() / 1000;
  return [Math.min(min ?? end, end - spanMin_s), end];
}

function options(width: number, series: Props["series"], format: (n: number) => string): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const font = "11px system-ui, sans-serif";
  const axis = { stroke: colour("--ink-faint"), font, ticks: { show: false } };
  return {
    width,
    height,
    padding: [8, 4, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: { x: { range: span }, y: { range: (_u, _min, max) => [0, max > 0 ? max * 1.15 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 70, incrs: minutes, values: "{HH}:{mm}" },
      {
        ...axis,
        grid: { stroke: colour("--line"), width: 1 },
        size: 64,
        space: 30,
        ...(series === "stored_bytes" && { incrs: binarySteps }),
        values: (_u, ticks) => ticks.map(format),
      },
    ],
    series: [{}, { stroke: colour("--accent"), width: 1.75, fill: colour("--accent-wash"), points: { show: false } }],
  };
}

export function Curve({ title, series, unit, format }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const isDark = dark();
  const data = samples.value;
  const latest = data[series].at(-1);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    plot.current = new uPlot(options(element.clientWidth, series, format), [[], []], element);
    const watch = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [isDark]);

  useEffect(() => plot.current?.setData([data.time_ms.map((t) => t / 1000), data[series]]), [data, isDark]);

  const figure = latest === undefined ? "–" : format(latest);
  return (
    <figure class="curve">
      <figcaption>
        <span class="curve-title">{title}</span>
        <span class="curve-figure">
          {figure}
          {unit && <small> {unit}</small>}
        </span>
      </figcaption>
      <div ref={box} class="curve-box" role="img" aria-label={`${title} over the last ten minutes, now ${figure} ${unit}`} />
    </figure>
  );
}
