/** What the map shows, and the one interface of everything that can draw it. */

import type { Fleet } from "./fleet.ts";
import type { PriceCell } from "./frame.ts";
import type { Viewport } from "./viewport.ts";

export type Ring = [lon: number, lat: number][];

export interface Partition {
  partition: number;
  cells: { cell: string; ring: Ring }[];
  /** Where the label goes. */
  center: [lon: number, lat: number];
  /** Edges that no other cell of the same partition shares. */
  border: [from: [number, number], to: [number, number]][];
}

/** What the cells are coloured by. */
export type CellMeasure = "price" | "supply" | "demand" | "none";

export interface Layers {
  cells: CellMeasure;
  vehicles: boolean;
  partitions: boolean;
  outline: boolean;
}

/** The trip that is open beside the map. */
export interface Selection {
  pickup: [lon: number, lat: number];
  dropoff: [lon: number, lat: number];
  /** Driver id, or undefined while none is assigned. */
  driver: string | undefined;
}

export interface Scene {
  selection: Selection | undefined;
  fleet: Fleet;
  cells: PriceCell[];
  cellsVersion: number;
  outlines: Ring[];
  partitions: Partition[];
  layers: Layers;
  layersVersion: number;
  palette: Palette;
  /** Corners of a cell, remembered. */
  boundaryOf(cell: string): Ring;
}

export type Rgb = [number, number, number];

export interface Palette {
  background: string;
  land: string;
  outline: string;
  label: string;
  /** By driver state code. */
  vehicles: [Rgb, Rgb, Rgb, Rgb];
  vehicleEdge: string;
  selection: Rgb;
  /** From low to high. */
  priceRamp: Rgb[];
  supplyRamp: Rgb[];
  demandRamp: Rgb[];
  /** By partition number, repeating. */
  partitions: Rgb[];
}

export interface MapRenderer {
  readonly kind: "canvas" | "deck";
  /** Draws when something changed; called once a screen refresh. */
  draw(scene: Scene, view: Viewport, vehiclesMoved: boolean): void;
  dispose(): void;
}

/** Colour and strength of a cell, or undefined where there is nothing to show. */
export function cellPaint(cell: PriceCell, measure: CellMeasure, palette: Palette): [Rgb, number] | undefined {
  switch (measure) {
    case "price": {
      if (cell.multiplier <= 1.001) {
        return undefined;
      }
      const share = Math.min(1, (cell.multiplier - 1) / 1.5);
      return [ramp(palette.priceRamp, share), 0.34 + 0.4 * share];
    }
    case "supply":
      return counted(cell.supply, palette.supplyRamp);
    case "demand":
      return counted(cell.demand, palette.demandRamp);
    case "none":
      return undefined;
  }
}

function counted(count: number, colors: Rgb[]): [Rgb, number] | undefined {
  if (count === 0) {
    return undefined;
  }
  const share = Math.min(1, Math.log2(1 + count) / 5);
  return [ramp(colors, share), 0.2 + 0.5 * share];
}

export function ramp(colors: Rgb[], share: number): Rgb {
  const at = share * (colors.length - 1);
  const low = Math.min(colors.length - 2, Math.floor(at));
  const t = at - low;
  const mix = (i: 0 | 1 | 2) => Math.round(colors[low]![i] * (1 - t) + colors[low + 1]![i] * t);
  return [mix(0), mix(1), mix(2)];
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  return `rgba(${r},${g},${b},${alpha})`;
}

/** Radius of a vehicle in CSS pixels: small where there are many or the view is wide. */
export function vehicleRadius(zoom: number, count: number): number {
  const byZoom = Math.max(1.6, Math.min(6, (zoom - 8.5) * 1.05));
  return count > 20_000 ? byZoom * 0.6 : count > 5_000 ? byZoom * 0.8 : byZoom;
}
