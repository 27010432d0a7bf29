/** Draws the map with Canvas 2D: ground and cells on one canvas when they change, vehicles on another as they move. */

import { EN_ROUTE, IDLE, OFFLINE, ON_TRIP } from "./frame.ts";
import { cellPaint, css, vehicleRadius, type MapRenderer, type Ring, type Scene } from "./scene.ts";
import type { Viewport } from "./viewport.ts";

/** Above this many, vehicles are drawn as squares: arcs cost too much. */
const ROUND_VEHICLES_MAX = 6000;
const DRAW_ORDER = [OFFLINE, IDLE, EN_ROUTE, ON_TRIP];

export class CanvasRenderer implements MapRenderer {
  readonly kind = "canvas";
  private readonly ground: HTMLCanvasElement;
  private readonly fleet: HTMLCanvasElement;
  private groundDrawn = "";
  private fleetDrawn = "";

  constructor(private readonly parent: HTMLElement) {
    this.ground = this.addCanvas();
    this.fleet = this.addCanvas();
  }

  private addCanvas(): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.className = "map-canvas";
    canvas.setAttribute("aria-hidden", "true");
    this.parent.append(canvas);
    return canvas;
  }

  draw(scene: Scene, view: Viewport, vehiclesMoved: boolean): void {
    const ratio = window.devicePixelRatio || 1;
    const shape = `${view.version} ${scene.layersVersion} ${ratio}`;
    const ground = `${shape} ${scene.cellsVersion}`;
    if (ground !== this.groundDrawn) {
      this.groundDrawn = ground;
      this.drawGround(this.start(this.ground, view, ratio), scene, view);
    }
    if (vehiclesMoved || shape !== this.fleetDrawn) {
      this.fleetDrawn = shape;
      this.drawFleet(this.start(this.fleet, view, ratio), scene, view);
    }
  }

  private start(canvas: HTMLCanvasElement, view: Viewport, ratio: number): CanvasRenderingContext2D {
    const width = Math.round(view.width * ratio);
    const height = Math.round(view.height * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    return context;
  }

  private drawGround(context: CanvasRenderingContext2D, scene: Scene, view: Viewport): void {
    const { palette, layers } = scene;
    context.fillStyle = palette.background;
    context.fillRect(0, 0, view.width, view.height);
    context.beginPath();
    scene.outlines.forEach((ring) => trace(context, ring, view));
    context.fillStyle = palette.land;
    context.fill("evenodd");
    if (layers.cells !== "none") {
      for (const cell of scene.cells) {
        const paint = cellPaint(cell, layers.cells, palette);
        if (paint !== undefined) {
          context.beginPath();
          trace(context, scene.boundaryOf(cell.cell), view);
          context.fillStyle = css(paint[0], paint[1]);
          context.fill();
        }
      }
    }
    if (layers.outline) {
      context.beginPath();
      scene.outlines.forEach((ring) => trace(context, ring, view));
      context.lineWidth = 1.25;
      context.strokeStyle = palette.outline;
      context.stroke();
    }
    if (layers.partitions) {
      this.drawPartitions(context, scene, view);
    }
  }

  private drawPartitions(context: CanvasRenderingContext2D, scene: Scene, view: Viewport): void {
    context.lineJoin = "round";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 11px system-ui, sans-serif";
    for (const partition of scene.partitions) {
      const color = scene.palette.partitions[partition.partition % scene.palette.partitions.length]!;
      context.beginPath();
      partition.cells.forEach(({ ring }) => trace(context, ring, view));
      context.fillStyle = css(color, 0.035);
      context.fill();
      context.beginPath();
      for (const [from, to] of partition.border) {
        context.moveTo(view.screenX(from[0]), view.screenY(from[1]));
        context.lineTo(view.screenX(to[0]), view.screenY(to[1]));
      }
      context.lineWidth = 1.25;
      context.strokeStyle = css(color, 0.6);
      context.stroke();
      const x = view.screenX(partition.center[0]);
      const y = view.screenY(partition.center[1]);
      context.fillStyle = css(color, 0.9);
      context.strokeStyle = scene.palette.land;
      context.lineWidth = 4;
      context.strokeText(`P${partition.partition}`, x, y);
      context.fillText(`P${partition.partition}`, x, y);
    }
  }

  private drawFleet(context: CanvasRenderingContext2D, scene: Scene, view: Viewport): void {
    drawSelection(context, scene, view);
    if (!scene.layers.vehicles) {
      return;
    }
    const { fleet, palette } = scene;
    const radius = vehicleRadius(view.zoom, fleet.count);
    const round = fleet.count <= ROUND_VEHICLES_MAX;
    for (const state of DRAW_ORDER) {
      const r = state === OFFLINE ? radius * 0.75 : radius;
      context.beginPath();
      for (let i = 0; i < fleet.count; i++) {
        if (fleet.state[i] !== state) {
          continue;
        }
        const x = view.screenX(fleet.lon[i]!);
        const y = view.screenY(fleet.lat[i]!);
        if (x < -10 || y < -10 || x > view.width + 10 || y > view.height + 10) {
          continue;
        }
        if (!round) {
          context.rect(x - r, y - r, 2 * r, 2 * r);
        } else {
          context.moveTo(x + r, y);
          context.arc(x, y, r, 0, 2 * Math.PI);
        }
      }
      context.fillStyle = css(palette.vehicles[state as 0 | 1 | 2 | 3], state === OFFLINE ? 0.55 : 1);
      if (round && radius > 2) {
        context.lineWidth = 1.5;
        context.strokeStyle = palette.vehicleEdge;
        context.stroke();
      }
      context.fill();
    }
  }

  dispose(): void {
    this.ground.remove();
    this.fleet.remove();
  }
}

/** The open trip: a line from pickup (ring) to drop-off (square), and a ring around its driver. */
function drawSelection(context: CanvasRenderingContext2D, scene: Scene, view: Viewport): void {
  const { selection, fleet, palette } = scene;
  if (selection === undefined) {
    return;
  }
  const [x1, y1] = [view.screenX(selection.pickup[0]), view.screenY(selection.pickup[1])];
  const [x2, y2] = [view.screenX(selection.dropoff[0]), view.screenY(selection.dropoff[1])];
  context.strokeStyle = css(palette.selection, 0.9);
  context.lineWidth = 1.5;
  context.setLineDash([4, 4]);
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
  context.setLineDash([]);
  context.beginPath();
  context.arc(x1, y1, 5, 0, 2 * Math.PI);
  context.fillStyle = palette.land;
  context.fill();
  context.stroke();
  context.fillStyle = css(palette.selection);
  context.fillRect(x2 - 4, y2 - 4, 8, 8);
  const i = selection.driver === undefined ? -1 : fleet.find(selection.driver);
  if (i >= 0) {
    context.beginPath();
    context.arc(view.screenX(fleet.lon[i]!), view.screenY(fleet.lat[i]!), 9, 0, 2 * Math.PI);
    context.stroke();
  }
}

function trace(context: CanvasRenderingContext2D, ring: Ring, view: Viewport): void {
  ring.forEach(([lon, lat], i) => {
    const x = view.screenX(lon);
    const y = view.screenY(lat);
    if (i === 0) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x, y);
    }
  });
  context.closePath();
}
