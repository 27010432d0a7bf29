package io.hailstorm.ingest;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.hailstorm.kernel.TimeSource;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** One principal's token bucket. Any thread. */
final class RateLimit {
    private static final long NANOS_PER_MS = 1_000_000;

    private final Bucket bucket;

    private RateLimit(Bucket bucket) {
        this.bucket = bucket;
    }

    /** Takes one token: 0, or the milliseconds until there is one. */
    long tryTakeOrWaitMs() {
        if (bucket.tryConsume(1)) {
            return 0;
        }
        ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
        return probe.isConsumed() ? 0 : Math.max(1, probe.getNanosToWaitForRefill() / NANOS_PER_MS);
    }

    /**
     * The buckets of every principal seen lately: at most {@value #MAX_PRINCIPALS}, the one unused longest is forgotten,
     * and would start again with a full bucket.
     */
    static final class Book {
        static final int MAX_PRINCIPALS = 1 << 17;

        private final TimeSource time;
        private final int perSecond;
        private final int burst;
        private final Map<Principal.Key, RateLimit> limits = new LinkedHashMap<>(64, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Principal.Key, RateLimit> eldest) {
                return size() > MAX_PRINCIPALS;
            }
        };

        Book(TimeSource time, int perSecond, int burst) {
            this.time = time;
            this.perSecond = perSecond;
            this.burst = burst;
        }

        RateLimit of(Principal principal) {
            synchronized (limits) {
                return limits.computeIfAbsent(principal.key(), key -> create());
            }
        }

        private RateLimit create() {
            return new RateLimit(Bucket.builder()
                    .addLimit(limit ->
                            limit.capacity(Math.max(burst, perSecond)).refillGreedy(perSecond, Duration.ofSeconds(1)))
                    .withCustomTimePrecision(new Meter(time))
                    .build());
        }
    }

    private record Meter(TimeSource time) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return time.monotonicNs();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    }
}
