/** Answers of `/api`, as `OpsViews.java` shapes them. */

export interface Summary {
  region: string;
  version: string;
  nowMs: number;
  trips: { open: number; requested: number; completed: number; cancelled: number; expired: number };
  waits: { p50Ms: number; p95Ms: number; count: number };
  prices: { version: number; cells: number; surgedCells: number };
  rounds: Round[];
  partitions: { partition: number; cells: number; lagRecords: number; lagMs: number }[];
}

export interface Round {
  round: number;
  riders: number;
  drivers: number;
  offers: number;
  policy: string;
  solveMs: number | null;
}

export interface Sample {
  timeMs: number;
  multiplierMilliMean: number;
  multiplierMilliMax: number;
}

export interface Trip {
  trip: string;
  state: string;
  rider: string;
  driver: string | null;
  requestTimeMs: number;
  lastTimeMs: number;
  waitMs: number | null;
  offers: number;
  pickup: { lat: number; lon: number };
  dropoff: { lat: number; lon: number };
  fareMinorUnits: number;
  multiplierMilli: number;
}

export interface Timeline {
  trip: Trip;
  timeline: { what: string; state: string; timeMs: number; sinceRequestMs: number; driver: string | null; detail: string }[];
  momentsLeftOut: number;
}

export interface Regions {
  features: { properties: { region: string }; geometry: { coordinates: [number, number][][] } }[];
  mapEpoch: number;
  partitions: { partition: number; cells: { cell: string; boundary: [number, number][] }[] }[];
}

/** Throws an Error with the node's own message when it refuses. */
export async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(5000) });
  if (!response.ok) {
    const body = (await response.json().catch(() => ({}))) as { message?: string };
    throw new Error(body.message ?? `${path}: HTTP ${response.status}`);
  }
  return (await response.json()) as T;
}
