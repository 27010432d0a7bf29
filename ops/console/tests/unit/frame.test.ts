import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeFrame, FrameCutter, isHeartbeat } from "../../src/frame.ts";
import { Fleet } from "../../src/fleet.ts";

/** Written by the node's encoder, and compared with it by a Java test. */
const golden = Uint8Array.from(Buffer.from(readFileSync("tests/unit/golden-frame.hex", "utf8").replace(/\s/g, ""), "hex"));

test("decodes every field of a frame that the node encoded", () => {
  const frame = decodeFrame(golden);
  assert.equal(frame.number, 7);
  assert.equal(frame.timeMs, 1_700_000_000_000);
  assert.equal(frame.sampleShift, 0);
  assert.deepEqual(frame.stats, {
    offline: 1, idle: 2, enRoute: 3, onTrip: 4, openTrips: 5,
    fixesPerS: 100.5, requestsPerS: 2.5, offersPerS: 2.25, completionsPerS: 1.5,
    waitP50Ms: 241_000, waitP95Ms: 500_000, priceVersion: 12,
    multiplierMilliMax: 2500, multiplierMilliMean: 1250, lagRecords: 99,
  });
  const { vehicles, cells } = frame.picture!;
  assert.equal(vehicles.count, 2);
  assert.deepEqual(vehicles.driver, ["42", "-6148914691236517206"]);
  assert.deepEqual([...vehicles.lat], [37.7749, -33.8688]);
  assert.deepEqual([...vehicles.lon], [-122.4194, 151.2093]);
  assert.equal(vehicles.heading[0], 90);
  assert.ok(Number.isNaN(vehicles.heading[1]), "an unknown heading is no number");
  assert.deepEqual([...vehicles.state], [1, 3]);
  assert.deepEqual([...vehicles.ageS], [3, 255]);
  assert.deepEqual(cells, [{ cell: "8828308281fffff", multiplier: 1.75, supply: 1, demand: 2, partition: 0 }]);
});

test("cuts frames out of a stream whatever the borders of its chunks", () => {
  const stream = new Uint8Array(golden.length * 3);
  [0, 1, 2].forEach((i) => stream.set(golden, i * golden.length));
  for (const size of [1, 7, 40, 41, golden.length, stream.length]) {
    const cutter = new FrameCutter();
    const frames: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) {
      frames.push(...cutter.push(stream.subarray(at, at + size)));
    }
    assert.equal(frames.length, 3, `chunks of ${size}`);
    frames.forEach((frame) => assert.deepEqual(frame, golden));
  }
});

test("refuses bytes that are no frame, a version it does not know and a length that does not fit", () => {
  const broken = (at: number, value: number) => {
    const bytes = golden.slice();
    bytes[at] = value;
    return bytes;
  };
  assert.throws(() => decodeFrame(broken(0, 0)), /not a frame/);
  assert.throws(() => decodeFrame(broken(4, 9)), /version: expected 1, got 9/);
  assert.throws(() => decodeFrame(golden.subarray(0, golden.length - 1)), /frame length/);
  assert.throws(() => decodeFrame(golden.subarray(0, 10)), /too short/);
  assert.throws(() => new FrameCutter().push(new Uint8Array(64)), /out of range/);
});

test("takes a heartbeat as figures without a picture", () => {
  const bytes = golden.slice(0, 104);
  const view = new DataView(bytes.buffer);
  view.setUint16(6, 1, true);
  view.setUint32(8, 104, true);
  view.setUint32(24, 0, true);
  view.setUint32(28, 0, true);
  assert.ok(isHeartbeat(bytes));
  assert.equal(decodeFrame(bytes).picture, undefined);
  assert.equal(decodeFrame(bytes).stats.idle, 2);
});

test("a vehicle glides from where it is drawn to its newest fix, and jumps when it could not have driven", () => {
  const fleet = new Fleet();
  const at = (lat: number) => {
    const { vehicles } = decodeFrame(golden).picture!;
    vehicles.lat[0] = lat;
    return vehicles;
  };
  fleet.update(at(37.0), 0);
  fleet.update(at(37.001), 1000);
  fleet.moveTo(1500);
  assert.ok(Math.abs(fleet.lat[0]! - 37.0005) < 1e-9, `half way after half the time, got ${fleet.lat[0]}`);
  assert.equal(fleet.moveTo(2000), false);
  assert.equal(fleet.lat[0], 37.001);
  fleet.update(at(38), 3000);
  assert.equal(fleet.lat[0], 38);
});
