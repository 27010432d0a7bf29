/** Draws the map with deck.gl on the GPU. Loaded only where there is one. */

import { Deck, MapView, type Layer } from "@deck.gl/core";
import { LineLayer, PolygonLayer, ScatterplotLayer, TextLayer } from "@deck.gl/layers";
import { OFFLINE, type PriceCell } from "./frame.ts";
import { cellPaint, vehicleRadius, type MapRenderer, type Partition, type Ring, type Rgb, type Scene } from "./scene.ts";
import type { Viewport } from "./viewport.ts";

type Rgba = [number, number, number, number];

export class DeckRenderer implements MapRenderer {
  readonly kind = "deck";
  private readonly deck: Deck<MapView>;
  private drawn = "";
  private groundDrawn = "";
  private ground: Layer[] = [];
  private movement = 0;

  constructor(parent: HTMLElement) {
    this.deck = new Deck({
      parent: parent as HTMLDivElement,
      views: new MapView({ id: "map", controller: false }),
      viewState: { longitude: 0, latitude: 0, zoom: 1 },
      layers: [],
    });
  }

  draw(scene: Scene, view: Viewport, vehiclesMoved: boolean): void {
    const ground = `${scene.layersVersion} ${scene.cellsVersion}`;
    const shape = `${view.version} ${ground}`;
    if (!vehiclesMoved && shape === this.drawn) {
      return;
    }
    this.drawn = shape;
    if (ground !== this.groundDrawn) {
      this.groundDrawn = ground;
      this.ground = groundLayers(scene);
    }
    this.movement++;
    this.deck.setProps({
      style: { background: scene.palette.background },
      // deck.gl counts zoom for tiles of 512 pixels, as the viewport does.
      viewState: { longitude: view.lon, latitude: view.lat, zoom: view.zoom },
      layers: [...this.ground, ...selectionLayers(scene, this.movement), ...fleetLayers(scene, view, this.movement)],
    });
  }

  dispose(): void {
    this.deck.finalize();
  }
}

function rgba([r, g, b]: Rgb, alpha: number): Rgba {
  return [r, g, b, Math.round(alpha * 255)];
}

function hex(color: string): Rgba {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).concat(255) as Rgba;
}

function groundLayers(scene: Scene): Layer[] {
  const { layers, palette } = scene;
  const ground: Layer[] = [
    new PolygonLayer<Ring>({
      id: "land",
      data: scene.outlines,
      getPolygon: (ring) => ring,
      getFillColor: hex(palette.land),
      getLineColor: hex(palette.outline),
      stroked: layers.outline,
      lineWidthUnits: "pixels",
      getLineWidth: 1.25,
    }),
  ];
  if (layers.cells !== "none") {
    const painted = scene.cells.filter((cell) => cellPaint(cell, layers.cells, palette) !== undefined);
    ground.push(
      new PolygonLayer<PriceCell>({
        id: "cells",
        data: painted,
        getPolygon: (cell) => scene.boundaryOf(cell.cell),
        getFillColor: (cell) => rgba(...cellPaint(cell, layers.cells, palette)!),
        stroked: false,
      }),
    );
  }
  if (layers.partitions) {
    const color = (partition: Partition) => palette.partitions[partition.partition % palette.partitions.length]!;
    const edges = scene.partitions.flatMap((partition) =>
      partition.border.map(([from, to]) => ({ from, to, color: color(partition) })),
    );
    ground.push(
      new LineLayer<(typeof edges)[number]>({
        id: "partition-borders",
        data: edges,
        getSourcePosition: (edge) => edge.from,
        getTargetPosition: (edge) => edge.to,
        getColor: (edge) => rgba(edge.color, 0.6),
        widthUnits: "pixels",
        getWidth: 1.25,
      }),
      new TextLayer<Partition>({
        id: "partition-labels",
        data: scene.partitions,
        getPosition: (partition) => partition.center,
        getText: (partition) => `P${partition.partition}`,
        getColor: (partition) => rgba(color(partition), 0.9),
        getSize: 12,
        fontFamily: "system-ui, sans-serif",
        fontWeight: 600,
      }),
    );
  }
  return ground;
}

/** The open trip: a line from pickup to drop-off, and a ring around its driver. */
function selectionLayers({ selection, fleet, palette }: Scene, movement: number): Layer[] {
  if (selection === undefined) {
    return [];
  }
  const color = rgba(palette.selection, 0.9);
  const i = selection.driver === undefined ? -1 : fleet.find(selection.driver);
  const rings = [selection.pickup, selection.dropoff].concat(i < 0 ? [] : [[fleet.lon[i]!, fleet.lat[i]!]]);
  return [
    new LineLayer({
      id: "selection-line",
      data: [selection],
      getSourcePosition: (s: typeof selection) => s.pickup,
      getTargetPosition: (s: typeof selection) => s.dropoff,
      getColor: color,
      widthUnits: "pixels",
      getWidth: 1.5,
    }),
    new ScatterplotLayer<[number, number]>({
      id: "selection-rings",
      data: rings,
      getPosition: (ring) => ring,
      filled: false,
      stroked: true,
      getLineColor: color,
      radiusUnits: "pixels",
      getRadius: 8,
      lineWidthUnits: "pixels",
      getLineWidth: 1.5,
      updateTriggers: { getPosition: movement },
    }),
  ];
}

function fleetLayers(scene: Scene, view: Viewport, movement: number): Layer[] {
  const { fleet, palette } = scene;
  if (!scene.layers.vehicles) {
    return [];
  }
  const colors = palette.vehicles.map((color, state) => rgba(color, state === OFFLINE ? 0.55 : 1));
  const radius = vehicleRadius(view.zoom, fleet.count);
  return [
    new ScatterplotLayer({
      id: "vehicles",
      data: { length: fleet.count },
      getPosition: (_: unknown, { index }: { index: number }) => [fleet.lon[index]!, fleet.lat[index]!],
      getFillColor: (_: unknown, { index }: { index: number }) => colors[fleet.state[index]!]!,
      radiusUnits: "pixels",
      getRadius: radius,
      stroked: radius > 2,
      lineWidthUnits: "pixels",
      getLineWidth: 0.75,
      getLineColor: hex(palette.vehicleEdge),
      updateTriggers: { getPosition: movement, getFillColor: movement, getRadius: radius },
    }),
  ];
}
