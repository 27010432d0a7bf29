package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;

/** Where and when riders appear. */
sealed interface Demand {
    long NEVER = Long.MAX_VALUE;

    /** When the rider of that number appears; {@link #NEVER} when there is none. Asked in order. */
    long timeMs(int number, long previousMs);

    GeoPoint pickup(int number);

    GeoPoint dropoff(int number);

    /** Whether riders look at the price before they ask. */
    boolean isPriceSensitive();

    /** Nobody asks. */
    record None() implements Demand {
        @Override
        public long timeMs(int number, long previousMs) {
            return NEVER;
        }

        @Override
        public GeoPoint pickup(int number) {
            throw new IllegalStateException("nobody asks");
        }

        @Override
        public GeoPoint dropoff(int number) {
            throw new IllegalStateException("nobody asks");
        }

        @Override
        public boolean isPriceSensitive() {
            return false;
        }
    }

    /** Recorded riders ask when and where they did, whatever the price. */
    record Recorded(RecordedTrips trips) implements Demand {
        @Override
        public long timeMs(int number, long previousMs) {
            return number < trips.size() ? trips.epochMs(number) : NEVER;
        }

        @Override
        public GeoPoint pickup(int number) {
            return trips.pickup(number);
        }

        @Override
        public GeoPoint dropoff(int number) {
            return trips.dropoff(number);
        }

        @Override
        public boolean isPriceSensitive() {
            return false;
        }
    }

    /** A Poisson process whose rate follows the hour, between hot spots, mostly near ones. */
    record Synthetic(Places places, long seed, double perHour) implements Demand {
        private static final double MS_PER_HOUR = 3_600_000;
        private static final double TRIP_METERS_MIN = 800;
        private static final int STREAM_ARRIVAL = 31;
        private static final int STREAM_PICKUP = 32;
        private static final int STREAM_DROPOFF = 35;

        @Override
        public long timeMs(int number, long previousMs) {
            if (perHour <= 0) {
                return NEVER;
            }
            double meanMs = MS_PER_HOUR / (perHour * places.demandFactor(previousMs));
            return previousMs + 1 + (long) CounterRandom.exponential(meanMs, seed, 0, number, STREAM_ARRIVAL);
        }

        @Override
        public GeoPoint pickup(int number) {
            return places.sample(number, 0, STREAM_PICKUP);
        }

        @Override
        public GeoPoint dropoff(int number) {
            return places.sampleNear(pickup(number), TRIP_METERS_MIN, number, 0, STREAM_DROPOFF);
        }

        @Override
        public boolean isPriceSensitive() {
            return true;
        }
    }
}
