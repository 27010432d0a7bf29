package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Measures one engine once: the caller's thread writes, a second one does the engine's background work and a third its
 * maintenance, as in a node.
 *
 * <p>The acknowledgement of a batch takes from the call of append, or with a rate from the moment it was due (so that a
 * stalled writer is not flattered by what it did not send), until the acknowledged offset passes the batch. The writer
 * looks for acknowledgements between appends, without pause. Steady state: no allocation.
 */
final class LogBenchRun {
    /** Batches not yet acknowledged at which the writer waits. */
    private static final int PENDING_MAX = 1 << 19;

    private static final long PARK_NS_MAX = 1_000_000;
    private static final long MAINTENANCE_PARK_NS = 20_000_000;
    private static final long LATENCY_NS_MAX = 60_000_000_000L;
    private static final long READ_RECORDS_MAX = 1_000_000;
    private static final int READ_ROUNDS = 5;

    private final LogBenchEngine engine;
    private final LogBenchOptions options;
    private final Histogram ackNs = new Histogram(LATENCY_NS_MAX, 3);
    private final long[] pendingEnd = new long[PENDING_MAX];
    private final long[] pendingSinceNs = new long[PENDING_MAX];
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private int head;
    private int tail;
    private long lastAppendNs;
    private long lastAckNs;
    private long pauseNsMax;

    /**
     * What came out.
     *
     * @param pauseMsMax longest time between two appends, or two acknowledgements while one was awaited
     * @param bytesAllocatedPerRecord by all threads of the process
     */
    record Result(
            String engine,
            String durability,
            double appendsPerS,
            double ackMsP50,
            double ackMsP99,
            double ackMsP999,
            double ackMsMax,
            double pauseMsMax,
            double readsPerS,
            double bytesAllocatedPerRecord) {}

    LogBenchRun(LogBenchEngine engine, LogBenchOptions options) {
        this.engine = engine;
        this.options = options;
    }

    Result run() {
        double appendsPerS;
        double allocated;
        try (AgentLoop maintenance = new AgentLoop(
                        "bench-maintenance",
                        MAINTENANCE_PARK_NS,
                        () -> engine.doMaintenance(System.nanoTime()),
                        failure::set);
                AgentLoop syncer = new AgentLoop(
                        "bench-sync",
                        PARK_NS_MAX,
                        () -> engine.doWork(System.nanoTime()),
                        maxNs -> engine.idleNs(System.nanoTime(), maxNs),
                        failure::set)) {
            maintenance.start();
            syncer.start();
            write(options.warmUpS());
            ackNs.reset();
            pauseNsMax = 0;
            long allocatedBefore = allocatedBytes();
            long countBefore = engine.appendedCount();
            long startNs = System.nanoTime();
            write(options.seconds());
            double seconds = (System.nanoTime() - startNs) / 1e9;
            long count = engine.appendedCount() - countBefore;
            allocated = (allocatedBytes() - allocatedBefore) / (double) Math.max(1, count);
            appendsPerS = count / seconds;
        }
        return new Result(
                engine.label(),
                engine.durability(),
                appendsPerS,
                ackNs.getValueAtPercentile(50) / 1e6,
                ackNs.getValueAtPercentile(99) / 1e6,
                ackNs.getValueAtPercentile(99.9) / 1e6,
                ackNs.getMaxValue() / 1e6,
                pauseNsMax / 1e6,
                readsPerS(),
                allocated);
    }

    private static long allocatedBytes() {
        return ManagementFactory.getThreadMXBean() instanceof com.sun.management.ThreadMXBean threads
                ? threads.getTotalThreadAllocatedBytes()
                : 0;
    }

    /** Appends for so long, then waits until all of it is acknowledged. */
    private void write(int seconds) {
        long startNs = System.nanoTime();
        long endNs = startNs + seconds * 1_000_000_000L;
        double batchNs = options.ratePerS() == 0 ? 0 : 1e9 * options.batch() / options.ratePerS();
        long sent = 0;
        lastAppendNs = startNs;
        lastAckNs = startNs;
        long nowNs = startNs;
        while (nowNs < endNs) {
            long dueNs = batchNs == 0 ? nowNs : startNs + (long) (sent * batchNs);
            if (dueNs <= nowNs && tail - head < PENDING_MAX && engine.append()) {
                onAppended(dueNs);
                sent++;
            } else {
                Thread.onSpinWait();
            }
            nowNs = collectAcknowledged();
        }
        while (head != tail) {
            Thread.onSpinWait();
            collectAcknowledged();
        }
    }

    private void onAppended(long dueNs) {
        int slot = tail & (PENDING_MAX - 1);
        pendingEnd[slot] = engine.appendedCount();
        pendingSinceNs[slot] = dueNs;
        if (tail == head) {
            lastAckNs = System.nanoTime(); // nothing was awaited before
        }
        tail++;
        if (options.ratePerS() == 0) {
            long nowNs = System.nanoTime();
            pauseNsMax = Math.max(pauseNsMax, nowNs - lastAppendNs);
            lastAppendNs = nowNs;
        }
    }

    /** Returns what time it is. */
    private long collectAcknowledged() {
        long acknowledged = engine.acknowledgedCount();
        long nowNs = System.nanoTime();
        boolean any = false;
        while (head != tail && pendingEnd[head & (PENDING_MAX - 1)] <= acknowledged) {
            ackNs.recordValue(Math.min(LATENCY_NS_MAX, nowNs - pendingSinceNs[head & (PENDING_MAX - 1)]));
            head++;
            any = true;
        }
        if (any) {
            pauseNsMax = Math.max(pauseNsMax, nowNs - lastAckNs);
            lastAckNs = nowNs;
        } else {
            Throwable thrown = failure.get();
            if (thrown != null) {
                throw new HailstormException(ErrorCode.INTERNAL, "the syncer failed: " + thrown.getMessage(), thrown);
            }
        }
        return nowNs;
    }

    /** The best of some rounds over the same records, in a warm cache. */
    private double readsPerS() {
        double best = 0;
        for (int round = 0; round < READ_ROUNDS; round++) {
            long startNs = System.nanoTime();
            long count = engine.read(READ_RECORDS_MAX);
            best = Math.max(best, count / ((System.nanoTime() - startNs) / 1e9));
        }
        return best;
    }
}
