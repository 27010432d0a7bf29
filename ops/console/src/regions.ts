/** Turns `/api/regions` into what the map draws. */

import type { Regions } from "./api.ts";
import type { Partition, Ring } from "./scene.ts";

type Corner = [number, number];

export function outlinesOf(regions: Regions): Ring[] {
  return regions.features.flatMap((feature) => feature.geometry.coordinates);
}

export function partitionsOf(regions: Regions): Partition[] {
  return regions.partitions.map(({ partition, cells }) => ({
    partition,
    cells: cells.map(({ cell, boundary }) => ({ cell, ring: boundary })),
    center: centerOf(cells.map(({ boundary }) => boundary)),
    border: borderOf(cells.map(({ boundary }) => boundary)),
  }));
}

/** The middle of the cell nearest to the mean, so that a label lies on the partition however it bends. */
function centerOf(rings: Ring[]): Corner {
  const middles = rings.map((ring) => mean(ring.slice(1)));
  const [lon, lat] = mean(middles);
  const far = (m: Corner) => (m[0] - lon) ** 2 + (m[1] - lat) ** 2;
  return middles.reduce((best, m) => (far(m) < far(best) ? m : best), middles[0] ?? [lon, lat]);
}

function mean(corners: Corner[]): Corner {
  const sum = corners.reduce<Corner>((a, c) => [a[0] + c[0], a[1] + c[1]], [0, 0]);
  return [sum[0] / Math.max(1, corners.length), sum[1] / Math.max(1, corners.length)];
}

/** Neighbours share both corners of an edge: an edge seen once lies on the border. */
function borderOf(rings: Ring[]): [Corner, Corner][] {
  const edges = new Map<string, [Corner, Corner]>();
  const name = ([lon, lat]: Corner) => `${lon.toFixed(6)},${lat.toFixed(6)}`;
  for (const ring of rings) {
    for (let i = 1; i < ring.length; i++) {
      const key = [name(ring[i - 1]!), name(ring[i]!)].sort().join(" ");
      if (!edges.delete(key)) {
        edges.set(key, [ring[i - 1]!, ring[i]!]);
      }
    }
  }
  return [...edges.values()];
}
