package io.hailstorm.ingest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** Counts hand-overs and how long they took. Written by the agent's thread; {@link #summary} by any. */
final class HandOverStats {
    /** The last so many pauses of each side. */
    private static final class Pauses {
        private static final int KEPT = 4096;

        private final long[] lastMs = new long[KEPT];
        private final Timer timer;
        private long count;
        private long maxMs;

        Pauses(Timer timer) {
            this.timer = timer;
        }

        void add(long pauseMs) {
            lastMs[(int) (count++ % KEPT)] = pauseMs;
            maxMs = Math.max(maxMs, pauseMs);
            timer.record(pauseMs, TimeUnit.MILLISECONDS);
        }

        HandOverSummary.Pause summary() {
            int kept = (int) Math.min(count, KEPT);
            if (kept == 0) {
                return new HandOverSummary.Pause(0, 0, 0);
            }
            long[] sorted = Arrays.copyOf(lastMs, kept);
            Arrays.sort(sorted);
            return new HandOverSummary.Pause(sorted[(kept - 1) / 2], sorted[(int) ((kept - 1) * 0.99)], maxMs);
        }
    }

    private final Counter handedOver;
    private final Counter takenIn;
    private final Counter takenBack;
    private final Counter recalled;
    private final Counter refused;
    private final Counter retried;
    private final Pauses leave;
    private final Pauses enter;
    private int earlyRecordsMax;

    HandOverStats(MeterRegistry registry) {
        handedOver = step(registry, "handed_over");
        takenIn = step(registry, "taken_in");
        takenBack = step(registry, "taken_back");
        recalled = step(registry, "recalled");
        refused = step(registry, "refused");
        retried = Counter.builder("hailstorm.handover.retries")
                .description("phones told to come again, since nothing was known of their drivers yet")
                .register(registry);
        leave = new Pauses(pause(registry, "leave"));
        enter = new Pauses(pause(registry, "enter"));
        Gauge.builder("hailstorm.handover.early.records.max", this, HandOverStats::earlyMax)
                .description("most fixes that waited at one time for their drivers to be taken in")
                .register(registry);
    }

    private static Counter step(MeterRegistry registry, String step) {
        return Counter.builder("hailstorm.handover.steps")
                .description("durable steps of hand-overs that this node made, by step")
                .tag("step", step)
                .register(registry);
    }

    private static Timer pause(MeterRegistry registry, String side) {
        return Timer.builder("hailstorm.handover.pause")
                .description("from the cause of a hand-over's step to its being durable, by side")
                .tag("side", side)
                .register(registry);
    }

    synchronized void handedOver(long pauseMs) {
        handedOver.increment();
        leave.add(pauseMs);
    }

    synchronized void takenIn(long pauseMs) {
        takenIn.increment();
        enter.add(pauseMs);
    }

    void takenBack() {
        takenBack.increment();
    }

    void recalled() {
        recalled.increment();
    }

    void refused() {
        refused.increment();
    }

    void retried() {
        retried.increment();
    }

    synchronized void earlyRecords(int now) {
        earlyRecordsMax = Math.max(earlyRecordsMax, now);
    }

    private synchronized int earlyMax() {
        return earlyRecordsMax;
    }

    synchronized HandOverSummary summary() {
        return new HandOverSummary(
                (long) handedOver.count(),
                (long) takenIn.count(),
                (long) takenBack.count(),
                (long) recalled.count(),
                (long) refused.count(),
                (long) retried.count(),
                earlyRecordsMax,
                leave.summary(),
                enter.summary());
    }
}
