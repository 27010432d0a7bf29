package io.hailstorm.node;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What was acknowledged when. Times are nanoseconds from the start of the run. One thread. */
final class ChaosTally {
    private static final long BUCKET_NS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LATENCY_NS_MAX = TimeUnit.MINUTES.toNanos(10);

    private final ChaosPlan plan;
    private final long[] acked;
    private final long[] lastNs;
    private final long[] buckets;
    private final Histogram before = new Histogram(LATENCY_NS_MAX, 3);
    private final Histogram after = new Histogram(LATENCY_NS_MAX, 3);
    private long lastAnyNs = -1;
    private long gapNsMax;
    private long silenceNsMax;

    ChaosTally(ChaosPlan plan, int partitionCount) {
        this.plan = plan;
        acked = new long[partitionCount];
        lastNs = new long[partitionCount];
        Arrays.fill(lastNs, -1);
        buckets = new long[Math.toIntExact(TimeUnit.SECONDS.toNanos(plan.seconds()) / BUCKET_NS)];
    }

    /** Everything of a partition below {@code seq} is acknowledged. */
    void onAcked(int partition, long seq, long nowNs) {
        long count = seq - acked[partition];
        if (count == 0) {
            return;
        }
        if (lastNs[partition] >= 0) {
            gapNsMax = Math.max(gapNsMax, nowNs - lastNs[partition]);
            silenceNsMax = Math.max(silenceNsMax, nowNs - lastAnyNs);
        }
        lastNs[partition] = nowNs;
        lastAnyNs = nowNs;
        if (nowNs / 1e9 < plan.killAtS()) {
            recordLatencies(before, partition, seq, nowNs);
        } else if (nowNs / 1e9 >= afterFromS()) {
            recordLatencies(after, partition, seq, nowNs);
        }
        int bucket = (int) (nowNs / BUCKET_NS);
        if (bucket < buckets.length) {
            buckets[bucket] += count;
        }
        acked[partition] = seq;
    }

    /** The run is over; a partition with records still unacknowledged is silent up to now. */
    void finish(long[] offered, long nowNs) {
        for (int partition = 0; partition < acked.length; partition++) {
            if (offered[partition] > acked[partition]) {
                gapNsMax = Math.max(gapNsMax, nowNs - Math.max(0, lastNs[partition]));
            }
        }
    }

    long acked() {
        return Arrays.stream(acked).sum();
    }

    long acked(int partition) {
        return acked[partition];
    }

    long[] ackedByPartition() {
        return acked.clone();
    }

    /** When a record of the partition was last acknowledged; -1 when never. */
    long lastNs(int partition) {
        return lastNs[partition];
    }

    /** The longest any partition went without an acknowledgement. */
    long gapNsMax() {
        return gapNsMax;
    }

    /** The longest all partitions together went without one. */
    long silenceNsMax() {
        return silenceNsMax;
    }

    /** Acknowledged a second in the second half of the time before the kill. */
    double rateBefore() {
        return rate(plan.killAtS() / 2.0, plan.killAtS());
    }

    /** Acknowledged a second in the last third of the time after the kill. */
    double rateAfter() {
        return rate(afterFromS(), plan.seconds());
    }

    /** From due to acknowledged, of the records acknowledged before the kill. */
    Histogram latencyBefore() {
        return before;
    }

    /** From due to acknowledged, of the records acknowledged in the last third of the time after the kill. */
    Histogram latencyAfter() {
        return after;
    }

    private void recordLatencies(Histogram latencies, int partition, long toSeq, long nowNs) {
        for (long seq = acked[partition]; seq < toSeq; seq++) {
            long latencyNs = nowNs - plan.dueNs(partition, acked.length, seq);
            latencies.recordValue(Math.clamp(latencyNs, 0, LATENCY_NS_MAX));
        }
    }

    private double afterFromS() {
        return plan.seconds() - (plan.seconds() - plan.killAtS()) / 3.0;
    }

    private double rate(double fromS, double toS) {
        int from = (int) Math.round(fromS * 1e9 / BUCKET_NS);
        int to = (int) Math.round(toS * 1e9 / BUCKET_NS);
        return Arrays.stream(buckets, from, to).sum() * 1e9 / ((to - from) * (double) BUCKET_NS);
    }
}
