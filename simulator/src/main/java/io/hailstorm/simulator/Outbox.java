package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The radio side of a phone: cuts numbered fixes into batches and decides when each goes on the air. A delayed batch
 * holds up those behind it, as a stream does; a batch chosen for reordering lets the next one overtake it.
 */
final class Outbox {
    /** Fixes in a batch that is sent again, or that catches up. */
    static final int BATCH_MAX = 100;
    /** Longest simulated network delay. */
    static final long DELAY_MAX_MS = 60_000;
    /** A batch waiting to be overtaken goes on the air after this even when nothing overtakes it. */
    static final long HOLD_MAX_MS = 20_000;

    private static final double TEN_SECONDS_MS = 10_000;
    /** Small powers make most batches small: mean about a quarter of the largest. */
    private static final int SIZE_SKEW = 3;

    private static final int STREAM_SIZE = 101;
    private static final int STREAM_DELAY = 102;
    private static final int STREAM_DUPLICATE = 103;
    private static final int STREAM_REORDER = 104;

    /** Consecutive fixes, and when they go on the air. */
    static final class Batch {
        final long firstSeq;
        final long lastSeq;
        final boolean duplicated;
        boolean held;
        long sendAtMs;

        Batch(long firstSeq, long lastSeq, long sendAtMs, boolean duplicated, boolean held) {
            this.firstSeq = firstSeq;
            this.lastSeq = lastSeq;
            this.sendAtMs = sendAtMs;
            this.duplicated = duplicated;
            this.held = held;
        }

        int size() {
            return (int) (lastSeq - firstSeq + 1);
        }
    }

    private final ArrayDeque<Batch> batches = new ArrayDeque<>(4);
    private final Realism realism;
    private final double delayMu;
    private final double delaySigma;
    private final long seed;
    private final long driver;
    private long batchCount;
    private long lastSendAtMs = Long.MIN_VALUE;
    /** The last seq that is in a batch, sent or not. */
    private long cutSeq;

    Outbox(Realism realism, long seed, long driver) {
        this.realism = realism;
        this.seed = seed;
        this.driver = driver;
        // The lognormal whose median is the configured one and whose tail beyond ten seconds has the configured weight.
        delayMu = StrictMath.log(Math.max(1, realism.delayMedianMs()));
        delaySigma = realism.delayMedianMs() <= 0 || realism.delayOverTenSecondsProbability() <= 0
                ? 0
                : (StrictMath.log(TEN_SECONDS_MS) - delayMu)
                        / normalQuantile(1 - realism.delayOverTenSecondsProbability());
    }

    long cutSeq() {
        return cutSeq;
    }

    /** How many fixes the phone gathers before it sends the next batch. */
    int batchTarget() {
        double skewed = StrictMath.pow(uniform(STREAM_SIZE), SIZE_SKEW);
        return 1 + (int) (skewed * realism.batchMax());
    }

    /** Puts everything up to {@code lastSeq} on its way. */
    void cut(long lastSeq, long nowMs) {
        while (cutSeq < lastSeq) {
            long first = cutSeq + 1;
            long last = Math.min(lastSeq, cutSeq + BATCH_MAX);
            batchCount++;
            boolean duplicated = uniform(STREAM_DUPLICATE) < realism.duplicateProbability();
            boolean held = uniform(STREAM_REORDER) < realism.reorderProbability();
            long sendAt = Math.max(lastSendAtMs, nowMs + delayMs());
            Batch waiting = batches.peekLast();
            if (waiting != null && waiting.held) {
                batches.pollLast();
                batches.addLast(new Batch(first, last, sendAt, duplicated, false));
                waiting.held = false;
                waiting.sendAtMs = sendAt;
                batches.addLast(waiting);
            } else {
                batches.addLast(new Batch(first, last, held ? sendAt + HOLD_MAX_MS : sendAt, duplicated, held));
            }
            if (!held) {
                lastSendAtMs = sendAt;
            }
            cutSeq = last;
        }
    }

    /** After a new stream is up: what is not acknowledged goes out at once, in order. */
    void restart(long ackedSeq, long lastSeq, long nowMs) {
        batches.clear();
        for (long first = ackedSeq + 1; first <= lastSeq; first += BATCH_MAX) {
            batches.addLast(new Batch(first, Math.min(lastSeq, first + BATCH_MAX - 1), nowMs, false, false));
        }
        cutSeq = lastSeq;
        lastSendAtMs = nowMs;
    }

    /** Nothing is delayed any longer. */
    void hurry(long nowMs) {
        for (Batch batch : batches) {
            batch.sendAtMs = Math.min(batch.sendAtMs, nowMs);
            batch.held = false;
        }
        lastSendAtMs = Math.min(lastSendAtMs, nowMs);
    }

    @Nullable
    Batch peek() {
        return batches.peekFirst();
    }

    void poll() {
        batches.pollFirst();
    }

    private long delayMs() {
        if (realism.delayMedianMs() <= 0) {
            return 0;
        }
        double normal = CounterRandom.gaussian(seed, driver, batchCount, STREAM_DELAY);
        return Math.min(DELAY_MAX_MS, (long) StrictMath.exp(delayMu + delaySigma * normal));
    }

    private double uniform(int stream) {
        return CounterRandom.uniform(seed, driver, batchCount, stream);
    }

    /** Quantile of the standard normal; Abramowitz and Stegun 26.2.23, error below 4.5e-4, enough for a delay's tail. */
    private static double normalQuantile(double probability) {
        double t = StrictMath.sqrt(-2 * StrictMath.log(1 - probability));
        return t
                - (2.515517 + 0.802853 * t + 0.010328 * t * t)
                        / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
    }
}
