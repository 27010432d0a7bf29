/**
 * Decoding of `/live`: frames back to back, little endian. The layout is drawn in `LiveFrameDescriptor.java`; the
 * numbers here are that drawing's.
 */

export const MAGIC = 0x31464c48; // "HLF1"
export const VERSION = 1;
export const HEADER_LENGTH = 40;
export const STATS_LENGTH = 64;
export const VEHICLE_LENGTH = 24;
export const CELL_LENGTH = 16;
export const UNKNOWN_U16 = 0xffff;
/** No frame is longer: a length above it means the stream is not one of frames. */
export const FRAME_LENGTH_MAX = 64 * 1024 * 1024;
const FLAG_HEARTBEAT = 1;

/** What a driver is doing, by the code the frame carries. */
export const DRIVER_STATES = ["offline", "idle", "en route", "on trip"] as const;
export const OFFLINE = 0;
export const IDLE = 1;
export const EN_ROUTE = 2;
export const ON_TRIP = 3;

export interface Stats {
  offline: number;
  idle: number;
  enRoute: number;
  onTrip: number;
  openTrips: number;
  fixesPerS: number;
  requestsPerS: number;
  offersPerS: number;
  completionsPerS: number;
  waitP50Ms: number;
  waitP95Ms: number;
  priceVersion: number;
  multiplierMilliMax: number;
  multiplierMilliMean: number;
  lagRecords: number;
}

/** Struct of arrays; entry i of each list belongs to the same vehicle. */
export interface Vehicles {
  count: number;
  /** Driver id as text: 64 bits do not fit a number. */
  driver: string[];
  lat: Float64Array;
  lon: Float64Array;
  /** Degrees from north, NaN unknown. */
  heading: Float32Array;
  /** m/s, NaN unknown. */
  speed: Float32Array;
  state: Uint8Array;
  ageS: Uint8Array;
}

export interface PriceCell {
  /** H3 index in hexadecimal. */
  cell: string;
  /** 1 is the base fare. */
  multiplier: number;
  supply: number;
  demand: number;
  /** -1: none. */
  partition: number;
}

export interface Frame {
  number: number;
  timeMs: number;
  /** One driver in 2^sampleShift is shown. */
  sampleShift: number;
  stats: Stats;
  /** Absent in a heartbeat: the last ones still hold. */
  picture?: { vehicles: Vehicles; cells: PriceCell[] };
}

/** Decodes one whole frame; throws an Error that says what does not fit. */
export function decodeFrame(bytes: Uint8Array): Frame {
  if (bytes.length < HEADER_LENGTH + STATS_LENGTH) {
    throw new Error(`frame too short: expected at least ${HEADER_LENGTH + STATS_LENGTH} bytes, got ${bytes.length}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new Error(`not a frame: magic is 0x${view.getUint32(0, true).toString(16)}`);
  }
  if (view.getUint16(4, true) !== VERSION) {
    throw new Error(`frame version: expected ${VERSION}, got ${view.getUint16(4, true)}; reload the page`);
  }
  const vehicleCount = view.getUint32(24, true);
  const cellCount = view.getUint32(28, true);
  const length = HEADER_LENGTH + STATS_LENGTH + vehicleCount * VEHICLE_LENGTH + cellCount * CELL_LENGTH;
  if (view.getUint32(8, true) !== length || bytes.length !== length) {
    throw new Error(`frame length: expected ${length}, got ${view.getUint32(8, true)} in ${bytes.length} bytes`);
  }
  const frame: Frame = {
    number: view.getUint32(12, true),
    timeMs: Number(view.getBigInt64(16, true)),
    sampleShift: view.getUint8(32),
    stats: decodeStats(view, HEADER_LENGTH),
  };
  if ((view.getUint16(6, true) & FLAG_HEARTBEAT) === 0) {
    const vehiclesAt = HEADER_LENGTH + STATS_LENGTH;
    frame.picture = {
      vehicles: decodeVehicles(view, vehiclesAt, vehicleCount),
      cells: decodeCells(view, vehiclesAt + vehicleCount * VEHICLE_LENGTH, cellCount),
    };
  }
  return frame;
}

/** Whether a frame is header and stats alone: the picture last sent still holds. */
export function isHeartbeat(bytes: Uint8Array): boolean {
  return (bytes[6]! & FLAG_HEARTBEAT) !== 0;
}

function decodeStats(view: DataView, at: number): Stats {
  return {
    offline: view.getUint32(at, true),
    idle: view.getUint32(at + 4, true),
    enRoute: view.getUint32(at + 8, true),
    onTrip: view.getUint32(at + 12, true),
    openTrips: view.getUint32(at + 16, true),
    fixesPerS: view.getFloat32(at + 20, true),
    requestsPerS: view.getFloat32(at + 24, true),
    offersPerS: view.getFloat32(at + 28, true),
    completionsPerS: view.getFloat32(at + 32, true),
    waitP50Ms: view.getUint32(at + 36, true),
    waitP95Ms: view.getUint32(at + 40, true),
    priceVersion: view.getUint32(at + 44, true),
    multiplierMilliMax: view.getUint32(at + 48, true),
    multiplierMilliMean: view.getUint32(at + 52, true),
    lagRecords: Number(view.getBigUint64(at + 56, true)),
  };
}

function decodeVehicles(view: DataView, start: number, count: number): Vehicles {
  const vehicles: Vehicles = {
    count,
    driver: new Array<string>(count),
    lat: new Float64Array(count),
    lon: new Float64Array(count),
    heading: new Float32Array(count),
    speed: new Float32Array(count),
    state: new Uint8Array(count),
    ageS: new Uint8Array(count),
  };
  for (let i = 0, at = start; i < count; i++, at += VEHICLE_LENGTH) {
    vehicles.driver[i] = decimal(view, at);
    vehicles.lat[i] = view.getInt32(at + 8, true) / 1e7;
    vehicles.lon[i] = view.getInt32(at + 12, true) / 1e7;
    vehicles.heading[i] = known(view.getUint16(at + 16, true));
    vehicles.speed[i] = known(view.getUint16(at + 18, true));
    vehicles.state[i] = view.getUint8(at + 20);
    vehicles.ageS[i] = view.getUint8(at + 21);
  }
  return vehicles;
}

function known(hundredths: number): number {
  return hundredths === UNKNOWN_U16 ? NaN : hundredths / 100;
}

/** Ids are mostly small; a BigInt each would be dear. They are signed where they came from. */
function decimal(view: DataView, at: number): string {
  const high = view.getUint32(at + 4, true);
  return high < 0x200000
    ? String(high * 0x100000000 + view.getUint32(at, true))
    : view.getBigInt64(at, true).toString();
}

function decodeCells(view: DataView, start: number, count: number): PriceCell[] {
  const cells: PriceCell[] = [];
  for (let i = 0, at = start; i < count; i++, at += CELL_LENGTH) {
    const owner = view.getUint16(at + 14, true);
    cells.push({
      cell: view.getBigUint64(at, true).toString(16),
      multiplier: view.getUint16(at + 8, true) / 1000,
      supply: view.getUint16(at + 10, true),
      demand: view.getUint16(at + 12, true),
      partition: owner === UNKNOWN_U16 ? -1 : owner,
    });
  }
  return cells;
}

/** Cuts a byte stream into frames, whatever the borders of its chunks. */
export class FrameCutter {
  private held = new Uint8Array(0);

  /** Every frame that this chunk completes, in order. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.held.length + chunk.length);
    bytes.set(this.held);
    bytes.set(chunk, this.held.length);
    const frames: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= HEADER_LENGTH) {
      const length = new DataView(bytes.buffer, at).getUint32(8, true);
      if (length < HEADER_LENGTH + STATS_LENGTH || length > FRAME_LENGTH_MAX) {
        throw new Error(`frame length out of range: ${length}`);
      }
      if (bytes.length - at < length) {
        break;
      }
      frames.push(bytes.subarray(at, at + length));
      at += length;
    }
    this.held = bytes.slice(at);
    return frames;
  }
}
