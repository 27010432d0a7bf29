// Ten drivers stream fixes for half a minute, a few riders ask for trips: does every surface answer at all?

import { drive, ride } from './phones.js';
import { report } from './report.js';

const SHIFT_MS = 30000;

export const options = {
  scenarios: {
    drivers: {
      executor: 'per-vu-iterations',
      exec: 'driver',
      vus: 10,
      iterations: 1,
      maxDuration: '90s',
    },
    riders: {
      executor: 'per-vu-iterations',
      exec: 'rider',
      vus: 3,
      iterations: 1,
      // Riders come when drivers are on the road.
      startTime: '5s',
      maxDuration: '80s',
    },
  },
  thresholds: {
    drive_errors: ['rate==0'],
    fixes_accounted: ['rate==1'],
    fixes_accepted: ['count>=200'],
    fixes_rejected: ['count==0'],
    fix_ack_ms: ['p(95)<500'],
    rider_errors: ['rate==0'],
    trips_offered: ['rate==1'],
    trips_completed: ['count>=1'],
    request_to_offer_ms: ['p(95)<25000'],
  },
  summaryTrendStats: ['min', 'med', 'p(95)', 'p(99)', 'max'],
};

export function driver() {
  drive(SHIFT_MS);
}

export function rider() {
  ride();
}

export function handleSummary(data) {
  return report('smoke', data);
}
