// Open arrivals: drivers and riders come at their own rate whether or not the server keeps up, so a slow server meets
// more load, not less. Rates ramp up, hold, and end; phones still on the road finish.
//
// Environment: DRIVERS_PER_S (2), RIDERS_PER_S (1), HOLD (60s).

import { drive, ride } from './phones.js';
import { report } from './report.js';

const DRIVERS_PER_S = Number(__ENV.DRIVERS_PER_S || 2);
const RIDERS_PER_S = Number(__ENV.RIDERS_PER_S || 1);
const HOLD = __ENV.HOLD || '60s';
const SHIFT_MS_MIN = 30000;
const SHIFT_MS_MAX = 60000;
// A driver lives for its shift and its wind-down, a rider for its patience: no more than this overlap.
const DRIVER_VUS_MAX = Math.ceil(DRIVERS_PER_S * 100);
const RIDER_VUS_MAX = Math.ceil(RIDERS_PER_S * 100);

function arrivals(exec, perSecond, startTime, vusMax) {
  return {
    executor: 'ramping-arrival-rate',
    exec,
    startTime,
    startRate: 0,
    // Per ten seconds, so that fractions of a phone a second can be asked for.
    timeUnit: '10s',
    preAllocatedVUs: Math.ceil(vusMax / 2),
    maxVUs: vusMax,
    stages: [
      { target: Math.round(perSecond * 10), duration: '15s' },
      { target: Math.round(perSecond * 10), duration: HOLD },
      { target: 0, duration: '5s' },
    ],
    gracefulStop: '90s',
  };
}

export const options = {
  scenarios: {
    drivers: arrivals('driver', DRIVERS_PER_S, '0s', DRIVER_VUS_MAX),
    // Riders come when drivers are on the road, and stop before they leave.
    riders: arrivals('rider', RIDERS_PER_S, '10s', RIDER_VUS_MAX),
  },
  thresholds: {
    drive_errors: ['rate<0.001'],
    fixes_accounted: ['rate>0.999'],
    fixes_rejected: ['count==0'],
    fix_ack_ms: ['p(95)<250', 'p(99)<1000'],
    rider_errors: ['rate<0.01'],
    trips_offered: ['rate>0.95'],
    trips_completed: ['count>0'],
    request_to_offer_ms: ['p(50)<10000', 'p(95)<25000'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['min', 'med', 'p(50)', 'p(95)', 'p(99)', 'max'],
};

export function driver() {
  drive(SHIFT_MS_MIN + Math.random() * (SHIFT_MS_MAX - SHIFT_MS_MIN));
}

export function rider() {
  ride();
}

export function handleSummary(data) {
  return report('steady', data);
}
