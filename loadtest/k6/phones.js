// The two phones, as k6 sees them: a driver that streams fixes and works its offers, a rider that asks for a trip and
// watches it. Semantics: protocol/src/main/proto/hailstorm/v1.
//
// Environment: TARGET (host:port), PROTO_DIR, DRIVER_TOKENS and RIDER_TOKENS (files, one token a line).

import { Client, StatusOK, Stream } from 'k6/net/grpc';
import { SharedArray } from 'k6/data';
import { setInterval, clearInterval, setTimeout, clearTimeout } from 'k6/timers';
import { Counter, Rate, Trend } from 'k6/metrics';
import exec from 'k6/execution';

const FIX_INTERVAL_MS = 1000;
// What a driver waits before its next step: quick, so that a short run completes trips.
const STEP_DELAY_MS = 1000;
// After its shift a driver finishes its trip and waits for its last acknowledgements, at most this long.
const WIND_DOWN_MS = 20000;
// How long the server may take to end its half of a stream after the phone ended the other.
const GOODBYE_MS = 10000;
const RIDER_PATIENCE_MS = 60000;
// Below the plausibility bound of 100 m/s.
const DRIVER_SPEED_METERS_PER_SECOND = 12;

const METERS_PER_E7 = 0.0111195;
// Downtown San Francisco, on land in every direction of the spread used here.
const CENTER = { latE7: 377700000, lonE7: -1224250000 };
const SPREAD_METERS = 2000;
const TERMINAL_STATES = ['COMPLETED', 'CANCELLED', 'EXPIRED'];
// From here on the trip has, or had, a driver's attention.
const OFFERED_STATES = ['OFFERED', 'ACCEPTED', 'ARRIVED', 'STARTED', 'COMPLETED'];

export const metrics = {
  fixesSent: new Counter('fixes_sent'),
  fixesAccepted: new Counter('fixes_accepted'),
  fixesDuplicate: new Counter('fixes_duplicate'),
  fixesLate: new Counter('fixes_late'),
  fixesRejected: new Counter('fixes_rejected'),
  fixesAccounted: new Rate('fixes_accounted'),
  fixAckMs: new Trend('fix_ack_ms', true),
  driveErrors: new Rate('drive_errors'),
  offersReceived: new Counter('offers_received'),
  riderErrors: new Rate('rider_errors'),
  tripsRequested: new Counter('trips_requested'),
  tripsOffered: new Rate('trips_offered'),
  tripsCompleted: new Counter('trips_completed'),
  tripsCancelled: new Counter('trips_cancelled'),
  tripsExpired: new Counter('trips_expired'),
  requestToOfferMs: new Trend('request_to_offer_ms', true),
};

const driverTokens = new SharedArray('driver tokens', () => lines(__ENV.DRIVER_TOKENS));
const riderTokens = new SharedArray('rider tokens', () => lines(__ENV.RIDER_TOKENS));

const client = new Client();
client.load([__ENV.PROTO_DIR], 'hailstorm/v1/driver_service.proto', 'hailstorm/v1/rider_service.proto');

// One connection a virtual user, kept over its iterations, like a phone keeps its own.
let connected = false;

function connect() {
  if (!connected) {
    client.connect(__ENV.TARGET, { plaintext: true, timeout: '10s' });
    connected = true;
  }
}

function lines(path) {
  return open(path).split('\n').filter((line) => line !== '');
}

// Tokens go round, so no two phones alive at a time share one as long as there are enough.
function authorization(tokens) {
  return { authorization: `Bearer ${tokens[exec.scenario.iterationInTest % tokens.length]}` };
}

function gaussian() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function moved(point, northMeters, eastMeters) {
  const cosLat = Math.cos((point.latE7 / 1e7) * (Math.PI / 180));
  return {
    latE7: Math.round(point.latE7 + northMeters / METERS_PER_E7),
    lonE7: Math.round(point.lonE7 + eastMeters / METERS_PER_E7 / cosLat),
  };
}

function somewhereDowntown() {
  const clamp = (meters) => Math.max(-SPREAD_METERS, Math.min(SPREAD_METERS, meters));
  return moved(CENTER, clamp(gaussian() * SPREAD_METERS * 0.5), clamp(gaussian() * SPREAD_METERS * 0.5));
}

// A driver's shift: streams one fix a second, accepts what it is offered and works the trip off.
export function drive(shiftMs) {
  try {
    connect();
  } catch (error) {
    metrics.driveErrors.add(true);
    throw error;
  }
  const shift = new Shift(shiftMs);
  shift.begin();
}

class Shift {
  constructor(shiftMs) {
    this.endMs = Date.now() + shiftMs;
    this.point = somewhereDowntown();
    this.heading = Math.random() * 2 * Math.PI;
    this.state = 'IDLE';
    this.trip = null;
    this.seq = 0;
    this.ackedSeq = 0;
    this.decidedCount = 0;
    this.sentMsBySeq = new Map();
    this.ended = false;
    this.failed = false;
  }

  begin() {
    this.stream = new Stream(client, 'hailstorm.v1.DriverService/Drive', { metadata: authorization(driverTokens) });
    this.stream.on('data', (response) => this.onResponse(response));
    this.stream.on('error', (error) => this.fail(`drive: ${error.message}`));
    this.stream.on('end', () => this.finish());
    this.stream.write({ hello: { session: Date.now(), deviceTime: new Date().toISOString() } });
  }

  onResponse(response) {
    if (response.welcome) {
      this.ackedSeq = Number(response.welcome.ackedSeq || 0);
      this.seq = this.ackedSeq;
      this.tick();
      this.timer = setInterval(() => this.tick(), FIX_INTERVAL_MS);
    } else if (response.fixAck) {
      this.onAck(response.fixAck);
    } else if (response.offer) {
      this.onOffer(response.offer);
    } else if (response.tripUpdate) {
      this.onTripUpdate(response.tripUpdate);
    } else if (response.directive && response.directive.kind === 'SUPERSEDED') {
      this.fail('drive: superseded by another session of the same driver');
    }
  }

  tick() {
    if (this.ended) {
      return;
    }
    const nowMs = Date.now();
    if (nowMs >= this.endMs && (this.trip === null || nowMs >= this.endMs + WIND_DOWN_MS)) {
      if (this.state !== 'OFFLINE') {
        this.state = 'OFFLINE';
        this.sendFix(nowMs);
      } else if (this.ackedSeq >= this.seq || nowMs >= this.endMs + WIND_DOWN_MS) {
        this.ended = true;
        this.stream.end();
        this.goodbye = setTimeout(() => this.fail('drive: the server did not end the stream'), GOODBYE_MS);
      }
      return;
    }
    this.heading += (Math.random() - 0.5) * 0.5;
    const meters = this.state === 'IDLE' || this.state === 'ON_TRIP' ? DRIVER_SPEED_METERS_PER_SECOND : 0;
    this.point = moved(this.point, meters * Math.cos(this.heading), meters * Math.sin(this.heading));
    this.sendFix(nowMs);
  }

  sendFix(nowMs) {
    this.seq += 1;
    this.sentMsBySeq.set(this.seq, nowMs);
    metrics.fixesSent.add(1);
    this.stream.write({
      fixBatch: { fixes: [{ seq: this.seq, deviceTimeMs: nowMs, ...this.point, state: this.state }] },
    });
  }

  onAck(ack) {
    const nowMs = Date.now();
    const ackedSeq = Number(ack.ackedSeq);
    for (let seq = this.ackedSeq + 1; seq <= ackedSeq; seq++) {
      if (this.sentMsBySeq.has(seq)) {
        metrics.fixAckMs.add(nowMs - this.sentMsBySeq.get(seq));
        this.sentMsBySeq.delete(seq);
      }
    }
    this.ackedSeq = Math.max(this.ackedSeq, ackedSeq);
    const rejected = ack.rejected || [];
    this.count(metrics.fixesAccepted, ack.acceptedCount);
    this.count(metrics.fixesDuplicate, ack.duplicateCount);
    this.count(metrics.fixesLate, ack.lateCount);
    this.count(metrics.fixesRejected, rejected.length);
    rejected.forEach((fix) => console.warn(`fix ${fix.seq} rejected: ${fix.reason}`));
  }

  count(counter, amount) {
    if (amount > 0) {
      counter.add(amount);
      this.decidedCount += amount;
    }
  }

  onOffer(offer) {
    metrics.offersReceived.add(1);
    const willing = this.state === 'IDLE' && this.trip === null;
    this.stream.write({
      offerReply: { trip: offer.trip, offer: offer.offer, answer: willing ? 'ACCEPT' : 'DECLINE' },
    });
    if (willing) {
      this.trip = offer.trip;
    }
  }

  onTripUpdate(update) {
    if (update.trip !== this.trip) {
      return;
    }
    switch (update.state) {
      case 'ACCEPTED':
        this.enter('EN_ROUTE');
        this.stepLater('ARRIVE');
        break;
      case 'ARRIVED':
        this.stepLater('START');
        break;
      case 'STARTED':
        this.enter('ON_TRIP');
        this.stepLater('COMPLETE');
        break;
      case 'MATCHING':
      case 'COMPLETED':
      case 'CANCELLED':
      case 'EXPIRED':
        this.trip = null;
        this.enter('IDLE');
        break;
      default:
        break;
    }
  }

  // A change of state is a fix of its own, in the one sequence of the driver.
  enter(state) {
    if (!this.ended && this.state !== state && this.state !== 'OFFLINE') {
      this.state = state;
      this.sendFix(Date.now());
    }
  }

  stepLater(step) {
    const trip = this.trip;
    setTimeout(() => {
      if (!this.ended && this.trip === trip) {
        this.stream.write({ tripProgress: { trip, step } });
      }
    }, STEP_DELAY_MS);
  }

  fail(message) {
    if (!this.failed) {
      this.failed = true;
      console.error(message);
      this.stopTicking();
      metrics.driveErrors.add(true);
      metrics.fixesAccounted.add(false);
    }
  }

  finish() {
    this.stopTicking();
    if (this.goodbye !== undefined) {
      clearTimeout(this.goodbye);
    }
    if (this.failed) {
      return;
    }
    const sentCount = this.seq;
    metrics.driveErrors.add(!this.ended);
    metrics.fixesAccounted.add(this.decidedCount === sentCount);
    if (this.decidedCount !== sentCount) {
      console.error(`drive: sent ${sentCount} fixes, the server accounted for ${this.decidedCount}`);
    }
  }

  stopTicking() {
    this.ended = this.ended || this.failed;
    if (this.timer !== undefined) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }
}

// A rider: quote, request, watch until the trip ends; gives up after a minute.
export function ride() {
  const metadata = authorization(riderTokens);
  const pickup = somewhereDowntown();
  const dropoff = moved(pickup, 800 * gaussian(), 800 * gaussian() + 300);
  let trip;
  let requestMs;
  try {
    connect();
    const quote = call('GetQuote', { pickup, dropoff }, metadata);
    requestMs = Date.now();
    const requestId = `k6-${exec.vu.idInTest}-${exec.scenario.iterationInTest}-${requestMs}`;
    trip = call('RequestTrip', { requestId, quote }, metadata).trip;
  } catch (error) {
    console.error(`ride: ${error.message}`);
    metrics.riderErrors.add(true);
    return;
  }
  metrics.tripsRequested.add(1);
  watch(trip, requestMs, metadata);
}

function call(method, request, metadata) {
  const response = client.invoke(`hailstorm.v1.RiderService/${method}`, request, { metadata, timeout: '10s' });
  if (!response || response.status !== StatusOK) {
    const detail = response && response.error ? response.error.message : 'no response';
    throw new Error(`${method}: ${detail}`);
  }
  return response.message;
}

function watch(trip, requestMs, metadata) {
  let offered = false;
  let terminal = null;
  let failed = false;
  const stream = new Stream(client, 'hailstorm.v1.RiderService/WatchTrip', { metadata });
  const giveUp = setTimeout(() => {
    if (terminal === null && !failed) {
      try {
        call('CancelTrip', { trip }, metadata);
      } catch (error) {
        console.error(`ride: ${error.message}`);
        failed = true;
      }
    }
  }, RIDER_PATIENCE_MS);
  stream.on('data', (update) => {
    if (!offered && OFFERED_STATES.includes(update.state)) {
      offered = true;
      metrics.requestToOfferMs.add(Date.now() - requestMs);
    }
    if (TERMINAL_STATES.includes(update.state)) {
      terminal = update.state;
    }
  });
  stream.on('error', (error) => {
    console.error(`ride: watching ${trip}: ${error.message}`);
    failed = true;
  });
  stream.on('end', () => {
    clearTimeout(giveUp);
    metrics.tripsOffered.add(offered);
    metrics.riderErrors.add(failed || terminal === null);
    if (terminal === 'COMPLETED') {
      metrics.tripsCompleted.add(1);
    } else if (terminal === 'CANCELLED') {
      metrics.tripsCancelled.add(1);
    } else if (terminal === 'EXPIRED') {
      metrics.tripsExpired.add(1);
    }
  });
  stream.write({ trip });
  stream.end();
}
