package io.hailstorm.simulator;

import io.hailstorm.kernel.TimeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * How long phones wait for acknowledgements while something is done to the server, and how even the acknowledgements are.
 *
 * <ul>
 *   <li>A <b>wait</b> is the time from when a batch of fixes first went on a stream until its last fix was acknowledged, in
 *       whatever stream and by whatever server. A batch that overtook another in the phone's own radio network is left out: the
 *       server is right to wait for the one before it.
 *   <li>The <b>pause</b> of a {@link Disturbance} is the longest wait of a phone it concerned that overlapped it. Without any
 *       such phone there is no pause.
 *   <li>The pause of a hand-over begins when the phone is sent elsewhere, or when the oldest fix then unacknowledged was first
 *       sent, and ends when the phone is greeted elsewhere and all it had sent before is acknowledged.
 *   <li>The <b>dip</b> is 100 · (1 − lowest / median) of the fixes acknowledged in one second, over all seconds that begin at a
 *       multiple of {@link #BUCKET_MS}, between {@link #steady} and {@link #stop}.
 *   <li>All of them leave the warm-up out, where a run has one.
 * </ul>
 *
 * <p>One owner thread. Steady state: no allocation; with no disturbance under way a wait costs an addition.
 */
public final class Pauses {
    /** Acknowledged fixes are counted by so much time. */
    static final int BUCKET_MS = 100;
    /** After so much time nothing is counted any more: a day and a half. */
    static final int BUCKETS_MAX = 1 << 20;
    /** Acknowledgements that come later than this after a disturbance ended do not lengthen its pause any more. */
    static final long MARGIN_NS = 10_000_000_000L;

    private static final int BUCKETS_PER_SECOND = 1_000 / BUCKET_MS;
    private static final long BUCKET_NS = BUCKET_MS * 1_000_000L;
    private static final long NS_PER_US = 1_000;
    private static final double US_PER_MS = 1_000;
    private static final long WAIT_MAX_US = 3_600_000_000L;
    private static final long NEVER = Long.MAX_VALUE;

    /** Whom a disturbance concerns. */
    @FunctionalInterface
    public interface Concerned {
        /** Everybody. */
        Concerned ALL = (latE7, lonE7) -> true;

        /** Whether a phone that reported this place is concerned. */
        boolean isAt(int latE7, int lonE7);
    }

    /** Something done to the server, from {@link Pauses#begin} to {@link #end}. */
    public final class Disturbance {
        private final Concerned concerned;
        private final long beginNs;
        private long endNs = NEVER;
        private long waitNsMax = -1;

        private Disturbance(Concerned concerned, long beginNs) {
            this.concerned = concerned;
            this.beginNs = beginNs;
        }

        /** It is over; who waits because of it still counts. */
        public void end() {
            endNs = nowNs();
        }

        /** It does not count: it came to nothing. */
        public void drop() {
            underWay.remove(this);
        }

        private void onWait(long sentNs, long ackedNs, int latE7, int lonE7) {
            long waitNs = ackedNs - sentNs;
            if (waitNs > waitNsMax && sentNs <= endNs && ackedNs >= beginNs && concerned.isAt(latE7, lonE7)) {
                waitNsMax = waitNs;
            }
        }
    }

    /** Milliseconds; zeros when {@code count} is 0. */
    public record Figures(long count, double p50Ms, double p99Ms, double maxMs) {}

    /**
     * Fixes acknowledged in a second.
     *
     * @param seconds measured, warm-up and drain left out
     * @param dipPercent 0 when less than two seconds were measured
     */
    public record Throughput(double seconds, long median, long lowest, double dipPercent) {}

    private final TimeSource time;
    private final long originNs;
    private final List<Disturbance> underWay = new ArrayList<>();
    private final Histogram disturbanceUs = new Histogram(WAIT_MAX_US, 3);
    private final Histogram handOverUs = new Histogram(WAIT_MAX_US, 3);
    private final Histogram waitUs = new Histogram(WAIT_MAX_US, 3);
    private int[] ackedByBucket = new int[1_024];
    private int lastLatE7;
    private int lastLonE7;
    private long steadyFromNs = NEVER;
    private long stoppedNs = NEVER;

    /** @param time whose {@code monotonicNs} is the clock: real time, or the run's own in virtual time */
    public Pauses(TimeSource time) {
        this.time = time;
        originNs = time.monotonicNs();
    }

    /** The clock of all of this; any thread. */
    public long nowNs() {
        return time.monotonicNs();
    }

    // ---- what the owner of the run says

    /** Warmed up: everything counts from here on, and what was done to the server before does not. */
    public void steady() {
        if (steadyFromNs == NEVER) {
            steadyFromNs = nowNs();
            underWay.clear();
            waitUs.reset();
            disturbanceUs.reset();
            handOverUs.reset();
        }
    }

    /** Throughput counts no longer. */
    public void stop() {
        if (stoppedNs == NEVER) {
            stoppedNs = nowNs();
        }
    }

    /** Whether the measured part of the run is over. */
    public boolean isStopped() {
        return stoppedNs != NEVER;
    }

    /** Something begins. */
    public Disturbance begin(Concerned concerned) {
        settle(nowNs());
        Disturbance begun = new Disturbance(concerned, nowNs());
        underWay.add(begun);
        return begun;
    }

    // ---- what phones say

    /** Numbers that the server acknowledged. */
    public void acked(long atNs, long fixCount) {
        long bucket = (atNs - originNs) / BUCKET_NS;
        if (bucket < 0 || bucket >= BUCKETS_MAX) {
            return;
        }
        if (bucket >= ackedByBucket.length) {
            ackedByBucket = Arrays.copyOf(ackedByBucket, Integer.highestOneBit((int) bucket) << 1);
        }
        ackedByBucket[(int) bucket] += (int) fixCount;
    }

    /** A batch first sent then was acknowledged now; the place is the one its last fix reported. */
    public void waited(long sentNs, long ackedNs, int latE7, int lonE7) {
        record(waitUs, ackedNs - sentNs);
        lastLatE7 = latE7;
        lastLonE7 = lonE7;
        for (int i = 0; i < underWay.size(); i++) {
            underWay.get(i).onWait(sentNs, ackedNs, latE7, lonE7);
        }
    }

    /** Where the last batch that was acknowledged ended; 0, 0 before the first. */
    public int lastLatE7() {
        return lastLatE7;
    }

    public int lastLonE7() {
        return lastLonE7;
    }

    /** A phone was handed over. */
    void handedOver(long ns) {
        record(handOverUs, ns);
    }

    private static void record(Histogram us, long ns) {
        us.recordValue(Math.clamp(ns / NS_PER_US, 0L, WAIT_MAX_US));
    }

    private void settle(long atNs) {
        for (int i = underWay.size() - 1; i >= 0; i--) {
            Disturbance disturbance = underWay.get(i);
            if (disturbance.endNs != NEVER && atNs - disturbance.endNs > MARGIN_NS) {
                underWay.remove(i);
                settle(disturbance);
            }
        }
    }

    private void settle(Disturbance disturbance) {
        if (disturbance.waitNsMax >= 0) {
            record(disturbanceUs, disturbance.waitNsMax);
        }
    }

    // ---- what came of it

    /** The pauses of all disturbances that concerned anybody; for the end of a run. */
    public Figures disturbances() {
        underWay.forEach(this::settle);
        underWay.clear();
        return figures(disturbanceUs);
    }

    /** The pauses of phones that were handed over. */
    public Figures handOvers() {
        return figures(handOverUs);
    }

    /** All waits, disturbed or not: what pauses compare with. */
    public Figures waits() {
        return figures(waitUs);
    }

    private static Figures figures(Histogram us) {
        return new Figures(
                us.getTotalCount(),
                us.getValueAtPercentile(50) / US_PER_MS,
                us.getValueAtPercentile(99) / US_PER_MS,
                us.getMaxValue() / US_PER_MS);
    }

    /** Between {@link #steady} and {@link #stop}, or now. */
    public Throughput throughput() {
        if (steadyFromNs == NEVER) {
            return new Throughput(0, 0, 0, 0);
        }
        int from = bucketAfter(steadyFromNs);
        int until = (int) Math.min((Math.min(stoppedNs, nowNs()) - originNs) / BUCKET_NS, BUCKETS_MAX);
        long[] bySecond = bySecond(from, until);
        double seconds = Math.max(0, until - from) / (double) BUCKETS_PER_SECOND;
        if (bySecond.length < 2) {
            return new Throughput(seconds, 0, 0, 0);
        }
        Arrays.sort(bySecond);
        long median = bySecond[bySecond.length / 2];
        long lowest = bySecond[0];
        double dip = median == 0 ? 0 : 100.0 * (1 - (double) lowest / median);
        return new Throughput(seconds, median, lowest, dip);
    }

    private int bucketAfter(long ns) {
        return (int) Math.min(Math.ceilDiv(ns - originNs, BUCKET_NS), BUCKETS_MAX);
    }

    private long[] bySecond(int from, int until) {
        long[] bySecond = new long[Math.max(0, until - from - BUCKETS_PER_SECOND + 1)];
        long inWindow = 0;
        for (int bucket = from; bucket < until; bucket++) {
            inWindow += at(bucket);
            int begin = bucket - BUCKETS_PER_SECOND + 1;
            if (begin >= from) {
                bySecond[begin - from] = inWindow;
                inWindow -= at(begin);
            }
        }
        return bySecond;
    }

    private int at(int bucket) {
        return bucket < ackedByBucket.length ? ackedByBucket[bucket] : 0;
    }
}
