/** Where each vehicle is drawn: it glides from where it is drawn now to its newest fix, so motion has no steps. */

import type { Vehicles } from "./frame.ts";

const GLIDE_MS_MIN = 200;
const GLIDE_MS_MAX = 4000;
/** A vehicle that is further than this from its last place did not drive there: it is put there. */
const JUMP_DEGREES = 0.03;

export class Fleet {
  count = 0;
  driver: string[] = [];
  state: Uint8Array = new Uint8Array(0);
  ageS: Uint8Array = new Uint8Array(0);
  heading: Float32Array = new Float32Array(0);
  speed: Float32Array = new Float32Array(0);
  /** Where to draw, after `moveTo`. */
  lat: Float64Array = new Float64Array(0);
  lon: Float64Array = new Float64Array(0);
  private toLat: Float64Array = new Float64Array(0);
  private toLon: Float64Array = new Float64Array(0);
  private fromLat: Float64Array = new Float64Array(0);
  private fromLon: Float64Array = new Float64Array(0);
  private startMs: Float64Array = new Float64Array(0);
  private glideMs: Float32Array = new Float32Array(0);
  private indexOf = new Map<string, number>();

  /** Takes in a picture that came at `nowMs`. */
  update(vehicles: Vehicles, nowMs: number): void {
    const { count } = vehicles;
    const lat = new Float64Array(count);
    const lon = new Float64Array(count);
    const fromLat = new Float64Array(count);
    const fromLon = new Float64Array(count);
    const startMs = new Float64Array(count);
    const glideMs = new Float32Array(count);
    const indexOf = new Map<string, number>();
    for (let i = 0; i < count; i++) {
      const id = vehicles.driver[i]!;
      indexOf.set(id, i);
      const old = this.indexOf.get(id);
      const toLat = vehicles.lat[i]!;
      const toLon = vehicles.lon[i]!;
      if (old === undefined || Math.abs(this.lat[old]! - toLat) + Math.abs(this.lon[old]! - toLon) > JUMP_DEGREES) {
        lat[i] = fromLat[i] = toLat;
        lon[i] = fromLon[i] = toLon;
        startMs[i] = nowMs;
        glideMs[i] = GLIDE_MS_MIN;
        continue;
      }
      lat[i] = this.lat[old]!;
      lon[i] = this.lon[old]!;
      if (this.toLat[old] === toLat && this.toLon[old] === toLon) {
        fromLat[i] = this.fromLat[old]!;
        fromLon[i] = this.fromLon[old]!;
        startMs[i] = this.startMs[old]!;
        glideMs[i] = this.glideMs[old]!;
      } else {
        fromLat[i] = lat[i]!;
        fromLon[i] = lon[i]!;
        startMs[i] = nowMs;
        // The next fix will likely take as long to come as this one did.
        glideMs[i] = Math.max(GLIDE_MS_MIN, Math.min(GLIDE_MS_MAX, nowMs - this.startMs[old]!));
      }
    }
    Object.assign(this, { count, lat, lon, fromLat, fromLon, startMs, glideMs, indexOf });
    this.driver = vehicles.driver;
    this.toLat = vehicles.lat;
    this.toLon = vehicles.lon;
    this.state = vehicles.state;
    this.ageS = vehicles.ageS;
    this.heading = vehicles.heading;
    this.speed = vehicles.speed;
  }

  /** Index of a driver's vehicle; -1 when it is not shown. */
  find(driver: string): number {
    return this.indexOf.get(driver) ?? -1;
  }

  /** Sets `lat` and `lon` to where vehicles are at `nowMs`; true while any still moves. */
  moveTo(nowMs: number): boolean {
    let moving = false;
    for (let i = 0; i < this.count; i++) {
      const share = Math.min(1, (nowMs - this.startMs[i]!) / this.glideMs[i]!);
      moving ||= share < 1;
      this.lat[i] = this.fromLat[i]! + (this.toLat[i]! - this.fromLat[i]!) * share;
      this.lon[i] = this.fromLon[i]! + (this.toLon[i]! - this.fromLon[i]!) * share;
    }
    return moving;
  }
}
