/** The console: wires the feed, the map and the panel. */

import "./style.css";
import { cellToBoundary } from "h3-js";
import { get, type Regions, type Sample, type Summary, type Trip } from "./api.ts";
import { CanvasRenderer } from "./canvas-renderer.ts";
import { Feed } from "./feed.ts";
import { Fleet } from "./fleet.ts";
import { DRIVER_STATES, type PriceCell } from "./frame.ts";
import { controlMap, nearestVehicle } from "./map-control.ts";
import { byId, Panel } from "./panel.ts";
import { outlinesOf, partitionsOf } from "./regions.ts";
import { css, type CellMeasure, type MapRenderer, type Ring, type Scene } from "./scene.ts";
import { chooseTheme, currentTheme, paletteOf, type Theme } from "./theme.ts";
import { Viewport } from "./viewport.ts";


const boundaries = new Map<string, Ring>();
const scene: Scene = {
  fleet: new Fleet(),
  cells: [],
  cellsVersion: 0,
  outlines: [],
  partitions: [],
  layers: { cells: "price", vehicles: true, partitions: false, outline: true },
  layersVersion: 0,
  selection: undefined,
  palette: paletteOf(currentTheme()),
  boundaryOf(cell) {
    let ring = boundaries.get(cell);
    if (ring === undefined) {
      ring = cellToBoundary(cell, true) as Ring;
      boundaries.set(cell, ring);
    }
    return ring;
  },
};
const view = new Viewport();
const map = byId("map");
const panel = new Panel((trip) => {
  scene.selection = trip && {
    pickup: [trip.pickup.lon, trip.pickup.lat],
    dropoff: [trip.dropoff.lon, trip.dropoff.lat],
    driver: trip.driver ?? undefined,
  };
  scene.layersVersion++;
});
let renderer: MapRenderer;
let pictured = false;
/** The first view is where the fleet is, once enough of it is known. */
let framed = false;
const FLEET_TO_FIT = 20;

/** For tests and the curious; read only. */
const probe = { frames: 0, vehicles: [] as { driver: string; lat: number; lon: number; state: number }[], prices: [] as PriceCell[], stale: false, renderer: "" };
Object.assign(window, { __hailstorm: probe });

let clock: { frameMs: number; at: number; speed: number } | undefined;

const feed = new Feed((frame) => {
  const now = performance.now();
  probe.frames++;
  if (frame.picture !== undefined) {
    pictured = true;
    scene.fleet.update(frame.picture.vehicles, now);
    scene.cells = frame.picture.cells;
    scene.cellsVersion++;
    probe.prices = frame.picture.cells;
    if (!framed && view.width > 1 && scene.fleet.count >= FLEET_TO_FIT) {
      framed = true;
      fitFleet();
    }
    const { driver, lat, lon, state, count } = frame.picture.vehicles;
    probe.vehicles = Array.from({ length: Math.min(count, 1000) }, (_, i) => ({
      driver: driver[i]!,
      lat: lat[i]!,
      lon: lon[i]!,
      state: state[i]!,
    }));
  }
  panel.showStats(frame.stats);
  showClock(frame.timeMs, now);
});

function showClock(timeMs: number, now: number): void {
  byId("clock").textContent = new Date(timeMs).toLocaleTimeString("en-GB");
  if (clock === undefined) {
    clock = { frameMs: timeMs, at: now, speed: 1 };
  } else if (now - clock.at > 2000) {
    clock = { frameMs: timeMs, at: now, speed: (timeMs - clock.frameMs) / (now - clock.at) };
    const speed = clock.speed;
    byId("speed").textContent = Math.abs(speed - 1) < 0.1 ? "" : `×${speed < 9.5 ? speed.toFixed(1) : Math.round(speed)}`;
  }
}

function showStaleness(): void {
  const stale = feed.stale;
  probe.stale = stale;
  map.classList.toggle("is-stale", stale);
  byId("stale").hidden = !stale;
  if (stale) {
    byId("stale").textContent = `Feed stopped ${Math.floor(feed.silentMs() / 1000)} s ago — reconnecting`;
  }
  byId("feed").dataset["state"] = stale ? "stale" : pictured ? "live" : "";
  byId("feed-text").textContent = stale ? "Stopped" : pictured ? "Live" : "Connecting";
  byId("empty").hidden = stale || !pictured || scene.fleet.count > 0;
  byId("empty").textContent = "No vehicle has reported yet.";
  feed.dropIfHung();
}

function draw(): void {
  const moving = scene.fleet.moveTo(performance.now());
  renderer.draw(scene, view, moving);
  requestAnimationFrame(draw);
}

function setTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  scene.palette = paletteOf(theme);
  scene.layersVersion++;
  panel.restyle();
  showRamp();
}

const RAMPS: Record<CellMeasure, [low: string, high: string]> = {
  price: ["1.0×", "2.5×"],
  supply: ["1", "31+"],
  demand: ["1", "31+"],
  none: ["", ""],
};

function showRamp(): void {
  const measure = scene.layers.cells;
  const { priceRamp, supplyRamp, demandRamp } = scene.palette;
  const colors = measure === "supply" ? supplyRamp : measure === "demand" ? demandRamp : priceRamp;
  byId("ramp").style.background = `linear-gradient(90deg, ${colors.map((c) => css(c)).join(",")})`;
  [byId("ramp-low").textContent, byId("ramp-high").textContent] = RAMPS[measure];
  byId("ramp").closest<HTMLElement>(".legend")!.hidden = measure === "none";
}

function listenToLayers(): void {
  byId("measures").addEventListener("change", (event) => {
    scene.layers.cells = (event.target as HTMLInputElement).value as CellMeasure;
    scene.layersVersion++;
    showRamp();
  });
  for (const layer of ["vehicles", "partitions", "outline"] as const) {
    byId(`layer-${layer}`).addEventListener("change", (event) => {
      scene.layers[layer] = (event.target as HTMLInputElement).checked;
      scene.layersVersion++;
    });
  }
  byId("theme").addEventListener("click", () => {
    const theme = currentTheme() === "dark" ? "light" : "dark";
    chooseTheme(theme);
    setTheme(theme);
  });
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => setTheme(currentTheme()));
}

function fitRegion(): void {
  const corners = scene.outlines.flat();
  if (corners.length > 0) {
    const lons = corners.map((c) => c[0]);
    const lats = corners.map((c) => c[1]);
    view.fit(Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats));
  }
}

/** Shows where nearly all vehicles are; a few far away do not make the rest small. */
function fitFleet(): void {
  const { lon, lat, count } = scene.fleet;
  const spread = (values: Float64Array) => {
    const sorted = values.slice(0, count).sort();
    return [sorted[Math.floor(count * 0.04)]!, sorted[Math.floor(count * 0.96)]!] as const;
  };
  const [west, east] = spread(lon);
  const [south, north] = spread(lat);
  view.fit(west, south, east, north, 72);
}

let mapEpoch = -1;

async function loadRegions(): Promise<void> {
  const regions = await get<Regions>("/api/regions");
  const first = mapEpoch < 0;
  mapEpoch = regions.mapEpoch;
  scene.outlines = outlinesOf(regions);
  scene.partitions = partitionsOf(regions);
  scene.layersVersion++;
  if (first && !framed) {
    fitRegion();
  }
}

/** Asks over and over, one question at a time; a failed one is asked again, and the feed's banner tells of it. */
function poll(everyMs: number, ask: () => Promise<void>): void {
  void ask()
    .catch((error: unknown) => console.warn("poll:", error))
    .finally(() => setTimeout(() => poll(everyMs, ask), everyMs));
}

function showTooltip(x: number, y: number): boolean {
  const tooltip = byId("tooltip");
  const i = scene.layers.vehicles ? nearestVehicle(scene.fleet, view, x, y) : -1;
  tooltip.hidden = i < 0;
  if (i >= 0) {
    const { driver, state, speed, ageS } = scene.fleet;
    const moving = Number.isNaN(speed[i]!) ? "" : ` · ${Math.round(speed[i]! * 3.6)} km/h`;
    tooltip.innerHTML = `<b>Driver #${driver[i]}</b><span>${DRIVER_STATES[state[i]!] ?? ""}${moving} · heard ${ageS[i]} s ago</span>`;
    tooltip.style.left = `${Math.min(x + 12, view.width - 190)}px`;
    tooltip.style.top = `${Math.max(4, y - 46)}px`;
  }
  return i >= 0;
}

/** A GPU, or undefined where WebGL2 is missing or drawn by the processor, which Canvas 2D does better. */
function hasGpu(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (gl === null) {
    return false;
  }
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(name);
}

async function chooseRenderer(): Promise<MapRenderer> {
  const wanted = new URLSearchParams(location.search).get("renderer");
  if (wanted === "deck" || (wanted !== "canvas" && hasGpu())) {
    try {
      const { DeckRenderer } = await import("./deck-renderer.ts");
      return new DeckRenderer(byId("surface"));
    } catch (error) {
      console.warn("deck.gl did not start; drawing with Canvas 2D:", error);
    }
  }
  return new CanvasRenderer(byId("surface"));
}

async function main(): Promise<void> {
  setTheme(currentTheme());
  listenToLayers();
  new ResizeObserver(() => {
    const first = view.width <= 1;
    view.resize(map.clientWidth, map.clientHeight);
    if (first && !framed) {
      fitRegion();
    }
  }).observe(map);
  controlMap(map, view, { hover: showTooltip, fit: fitRegion });
  renderer = await chooseRenderer();
  probe.renderer = renderer.kind;
  requestAnimationFrame(draw);
  setInterval(showStaleness, 250);
  poll(1000, async () => {
    const summary = await get<Summary & { mapEpoch: number }>("/api/summary");
    panel.showSummary(summary);
    if (summary.mapEpoch !== mapEpoch) {
      await loadRegions();
    }
    await panel.refreshTrip();
  });
  poll(1000, async () => panel.showTrips(await get<Trip[]>("/api/trips?limit=20")));
  poll(5000, async () => panel.showHistory(await get<Sample[]>("/api/history")));
  await feed.run();
}

void main();
