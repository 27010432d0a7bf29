/** The two charts. uPlot draws; sizes are fixed, so nothing moves when figures come. */

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Round, Sample } from "./api.ts";

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis(size: number): uPlot.Axis {
  return {
    stroke: color("--muted"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: "11px Inter, system-ui, sans-serif",
    size,
    gap: 4,
  };
}

abstract class Chart<T> {
  private plot: uPlot | undefined;
  private data: T[] = [];

  constructor(
    private readonly parent: HTMLElement,
    private readonly emptyText: string,
    private readonly countMin: number,
  ) {
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(parent);
    this.show([]);
  }

  private size(): { width: number; height: number } {
    return { width: this.parent.clientWidth, height: this.parent.clientHeight };
  }

  show(data: T[]): void {
    this.data = data;
    if (data.length < this.countMin) {
      this.plot?.destroy();
      this.plot = undefined;
      this.parent.innerHTML = `<div class="none">${this.emptyText}</div>`;
    } else if (this.plot === undefined) {
      this.parent.replaceChildren();
      this.plot = new uPlot({ ...this.options(), ...this.size() }, this.columns(data), this.parent);
    } else {
      this.plot.setData(this.columns(data));
    }
  }

  /** Takes up the theme's colours. */
  restyle(): void {
    this.plot?.destroy();
    this.plot = undefined;
    this.show(this.data);
  }

  protected abstract options(): Omit<uPlot.Options, "width" | "height">;
  protected abstract columns(data: T[]): uPlot.AlignedData;
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export class PriceChart extends Chart<Sample> {
  constructor(parent: HTMLElement) {
    super(parent, "The first minute is being gathered", 2);
  }

  protected options(): Omit<uPlot.Options, "width" | "height"> {
    return {
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 10, 0, 0],
      scales: { y: { range: (_, __, max) => [1, Math.max(1.5, Math.ceil(max * 4) / 4)] } },
      axes: [
        { ...axis(20), space: 70, grid: { show: false }, values: (_, ticks) => ticks.map((s) => TIME.format(s * 1000)) },
        { ...axis(38), space: 28, values: (_, ticks) => ticks.map((m) => `${m.toFixed(2)}×`) },
      ],
      series: [
        {},
        { label: "highest", stroke: color("--warn"), width: 1.5, points: { show: false } },
        { label: "mean", stroke: color("--muted"), width: 1.5, points: { show: false } },
      ],
    };
  }

  protected columns(data: Sample[]): uPlot.AlignedData {
    return [
      data.map((s) => s.timeMs / 1000),
      data.map((s) => s.multiplierMilliMax / 1000),
      data.map((s) => s.multiplierMilliMean / 1000),
    ];
  }
}

export class RoundChart extends Chart<Round> {
  constructor(parent: HTMLElement) {
    super(parent, "No round of matching yet", 1);
  }

  protected options(): Omit<uPlot.Options, "width" | "height"> {
    const bars = uPlot.paths.bars!({ size: [0.7, 6], align: 0 });
    return {
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 10, 4, 0],
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(4, max)] } },
      axes: [{ show: false }, { ...axis(38), space: 24, values: (_, ticks) => ticks.map((n) => (n % 1 === 0 ? String(n) : "")) }],
      series: [
        {},
        { label: "riders", fill: color("--line"), stroke: color("--line"), width: 0, paths: bars, points: { show: false } },
        { label: "offers", fill: color("--accent"), stroke: color("--accent"), width: 0, paths: bars, points: { show: false } },
      ],
    };
  }

  protected columns(data: Round[]): uPlot.AlignedData {
    return [data.map((_, i) => i), data.map((r) => r.riders), data.map((r) => r.offers)];
  }
}
