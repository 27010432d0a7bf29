/** The figures beside the map. Built once; then only texts change, in places of fixed size. */

import { get, type Sample, type Summary, type Timeline, type Trip } from "./api.ts";
import { PriceChart, RoundChart } from "./charts.ts";
import { DRIVER_STATES, EN_ROUTE, IDLE, OFFLINE, ON_TRIP, type Stats } from "./frame.ts";

const ROUNDS_SHOWN = 48;
const TRIPS_SHOWN = 14;
/** A full bar of lag. */
const LAG_MS_FULL = 2000;
const LAG_MS_HIGH = 1000;

export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function compact(n: number): string {
  return n >= 100_000 ? `${(n / 1000).toFixed(0)}k` : n >= 10_000 ? `${(n / 1000).toFixed(1)}k` : Math.round(n).toLocaleString("en");
}

function rate(n: number): string {
  return n < 10 ? n.toFixed(1) : compact(n);
}

export function duration(ms: number): string {
  const s = Math.round(ms / 1000);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

function wait(ms: number): string {
  return ms === 0 ? "–" : duration(ms);
}

const HEADLINE: [label: string, title: string, value: (s: Stats) => string][] = [
  ["Fixes/s", "Location fixes written, over ten seconds", (s) => rate(s.fixesPerS)],
  ["Requests/s", "Trips asked for, over ten seconds", (s) => rate(s.requestsPerS)],
  ["Offers/s", "Offers made, over ten seconds", (s) => rate(s.offersPerS)],
  ["Done/s", "Trips completed, over ten seconds", (s) => rate(s.completionsPerS)],
  ["Open trips", "Trips not ended yet", (s) => compact(s.openTrips)],
  ["Wait p50", "Request to arrival, last five minutes", (s) => wait(s.waitP50Ms)],
  ["Wait p95", "Request to arrival, last five minutes", (s) => wait(s.waitP95Ms)],
  ["Top price", "Highest multiplier of any cell", (s) => `${(s.multiplierMilliMax / 1000).toFixed(2)}×`],
];

const STATE_KIND: Record<string, string> = {
  REQUESTED: "waiting",
  MATCHING: "waiting",
  OFFERED: "waiting",
  ACCEPTED: "moving",
  ARRIVED: "moving",
  STARTED: "moving",
  COMPLETED: "done",
  CANCELLED: "failed",
  EXPIRED: "failed",
};

function stateMark(state: string): string {
  const text = state.charAt(0) + state.slice(1).toLowerCase();
  return `<span class="state" data-kind="${STATE_KIND[state] ?? ""}"><i></i>${escape(text)}</span>`;
}

export class Panel {
  private readonly prices = new PriceChart(byId("price-chart"));
  private readonly rounds = new RoundChart(byId("round-chart"));
  private readonly headlineValues: HTMLElement[] = [];
  private readonly stateValues: HTMLElement[] = [];
  private openTrip: string | undefined;
  private returnFocus: HTMLElement | undefined;

  /** @param onTrip told of the trip whose timeline is open, and of its closing */
  constructor(private readonly onTrip: (trip: Trip | undefined) => void) {
    for (const [label, title] of HEADLINE) {
      this.headlineValues.push(addPair(byId("headline"), label, title));
    }
    [IDLE, EN_ROUTE, ON_TRIP, OFFLINE].forEach((state) => {
      const name = DRIVER_STATES[state]!;
      const label = `<i class="s${state}"></i>${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      this.stateValues[state] = addPair(byId("states"), label, "");
    });
    [ON_TRIP, EN_ROUTE, IDLE, OFFLINE].forEach((state, i) => byId("stack").children[i]!.classList.add(`s${state}`));
    byId("trips").addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button[data-trip]");
      if (button !== null) {
        void this.showTrip(button.dataset["trip"]!);
      }
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.closeTrip();
      }
    });
  }

  showStats(stats: Stats): void {
    HEADLINE.forEach(([, , value], i) => setText(this.headlineValues[i]!, value(stats)));
    const counts = [stats.offline, stats.idle, stats.enRoute, stats.onTrip];
    counts.forEach((count, state) => setText(this.stateValues[state]!, compact(count)));
    setText(byId("fleet-total"), compact(counts.reduce((a, b) => a + b)));
    [ON_TRIP, EN_ROUTE, IDLE, OFFLINE].forEach((state, i) => {
      (byId("stack").children[i] as HTMLElement).style.flexGrow = String(counts[state]!);
    });
  }

  showSummary(summary: Summary): void {
    setText(byId("region"), summary.region);
    const { surgedCells, cells } = summary.prices;
    setText(byId("prices-note"), cells === 0 ? "none published yet" : `highest and mean · ${surgedCells} of ${cells} cells raised`);
    const rounds = summary.rounds.slice(-ROUNDS_SHOWN);
    this.rounds.show(rounds);
    const last = rounds.at(-1);
    const solve = last?.solveMs == null ? "" : ` · ${last.solveMs.toFixed(1)} ms`;
    setText(byId("rounds-note"), last ? `${last.riders} riders · ${last.drivers} drivers · ${last.offers} offers${solve}` : "");
    this.showLags(summary.partitions);
    const { open, completed, cancelled, expired } = summary.trips;
    setText(byId("trips-note"), `${compact(open)} open · ${compact(completed)} done · ${compact(cancelled)} cancelled · ${compact(expired)} expired`);
  }

  private showLags(partitions: Summary["partitions"]): void {
    const list = byId("lags");
    while (list.children.length < partitions.length) {
      const item = document.createElement("li");
      item.innerHTML = '<b></b><div class="track"><i></i></div><span></span>';
      list.append(item);
    }
    let behind = 0;
    partitions.forEach(({ partition, lagRecords, lagMs }, i) => {
      const [name, track, figure] = list.children[i]!.children as unknown as HTMLElement[];
      setText(name!, `P${partition}`);
      const bar = track!.firstElementChild as HTMLElement;
      bar.style.width = `${Math.min(100, (100 * lagMs) / LAG_MS_FULL)}%`;
      bar.classList.toggle("high", lagMs > LAG_MS_HIGH);
      setText(figure!, `${compact(lagRecords)} rec · ${(lagMs / 1000).toFixed(1)} s`);
      behind = Math.max(behind, lagMs);
    });
    setText(byId("lag-note"), behind > LAG_MS_HIGH ? "behind the log" : "up with the log");
  }

  showHistory(samples: Sample[]): void {
    this.prices.show(samples);
  }

  showTrips(trips: Trip[]): void {
    const list = byId("trips");
    if (trips.length === 0) {
      list.innerHTML = '<li class="none">No trips yet. They appear as riders ask.</li>';
      return;
    }
    list.querySelector(".none")?.remove();
    const shown = trips.slice(0, TRIPS_SHOWN);
    while (list.children.length > shown.length) {
      list.lastElementChild!.remove();
    }
    shown.forEach((trip, i) => {
      const row = list.children[i] ?? list.appendChild(document.createElement("li"));
      const button = row.firstElementChild ?? row.appendChild(document.createElement("button"));
      button.setAttribute("data-trip", trip.trip);
      button.setAttribute("aria-current", String(trip.trip === this.openTrip));
      const html = `${stateMark(trip.state)}<span class="id">${escape(shortId(trip.trip))}</span>
        <span class="right">${trip.driver === null ? "" : "#" + escape(trip.driver)}</span>
        <span class="right">${duration(trip.lastTimeMs - trip.requestTimeMs)}</span>`;
      if (row.getAttribute("data-html") !== html) {
        row.setAttribute("data-html", html);
        button.innerHTML = html;
      }
    });
  }

  async showTrip(trip: string): Promise<void> {
    this.openTrip = trip;
    this.returnFocus ??= document.activeElement as HTMLElement;
    await this.refreshTrip(true);
  }

  /** Asks for the open trip again, which may have gone on. */
  async refreshTrip(focus = false): Promise<void> {
    const asked = this.openTrip;
    if (asked === undefined) {
      return;
    }
    const drawer = byId("drawer");
    try {
      const timeline = await get<Timeline>(`/api/trips/${encodeURIComponent(asked)}`);
      if (this.openTrip === asked) {
        const scroll = drawer.querySelector("ol")?.scrollTop ?? 0;
        drawer.innerHTML = drawerHtml(timeline);
        this.onTrip(timeline.trip);
        drawer.querySelector("ol")!.scrollTop = scroll;
      }
    } catch (error) {
      if (focus) {
        drawer.innerHTML = `<header><h2>Trip</h2></header><dl><dt>${escape(String(error))}</dt></dl>`;
      }
    }
    drawer.hidden = false;
    const close = drawer.querySelector<HTMLElement>("button");
    close?.addEventListener("click", () => this.closeTrip());
    if (focus) {
      close?.focus();
    }
  }

  closeTrip(): void {
    this.openTrip = undefined;
    this.onTrip(undefined);
    byId("drawer").hidden = true;
    this.returnFocus?.focus();
    this.returnFocus = undefined;
  }

  restyle(): void {
    this.prices.restyle();
    this.rounds.restyle();
  }
}

function drawerHtml({ trip, timeline, momentsLeftOut }: Timeline): string {
  const rows: [string, string][] = [
    ["Trip", shortId(trip.trip)],
    ["Rider", `#${trip.rider}`],
    ["Driver", trip.driver === null ? "none yet" : `#${trip.driver}`],
    ["Wait", trip.waitMs === null ? "–" : duration(trip.waitMs)],
    ["Fare", `${(trip.fareMinorUnits / 100).toFixed(2)} at ${(trip.multiplierMilli / 1000).toFixed(2)}×`],
  ];
  const moments = timeline.map((moment) => {
    const details = [moment.driver === null ? "" : `driver #${moment.driver}`, moment.detail].filter((d) => d !== "");
    const what = moment.what.charAt(0).toUpperCase() + moment.what.slice(1);
    return `<li data-state="${escape(moment.state)}"><time>+${duration(moment.sinceRequestMs)}</time>
      <div>${escape(what)}<span>${escape(details.join(" · "))}</span></div></li>`;
  });
  const leftOut = momentsLeftOut === 0 ? "" : `<li><time></time><div>${momentsLeftOut} more not kept</div></li>`;
  return `<header><h2>${stateMark(trip.state)}</h2><button class="icon" type="button" aria-label="Close">✕</button></header>
    <dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escape(value)}</dd>`).join("")}</dl>
    <ol>${moments.join("")}${leftOut}</ol>`;
}

function shortId(trip: string): string {
  return trip.slice(trip.indexOf("-") + 1).slice(0, 10);
}

function addPair(parent: HTMLElement, label: string, title: string): HTMLElement {
  const pair = document.createElement("div");
  pair.title = title;
  pair.innerHTML = `<dt>${label}</dt><dd>–</dd>`;
  parent.append(pair);
  return pair.lastElementChild as HTMLElement;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
