package io.hailstorm.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.simulator.Pauses;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * {@code bench ingest --rate}: an open loop. The generator sends so many fixes a second whatever comes back, and this end reads
 * what was acknowledged, moves ranges meanwhile, and holds the log against what phones were promised.
 */
final class PacedBench {
    private static final int STOP_WAITS_MAX = 1_000;
    private static final long STOP_WAIT_NS = 1_000_000;

    private final HailstormNode node;
    private final TimeSource time;
    private final Pauses pauses;
    private final AckRecords.Tally tally;
    private final Optional<MigrationDriver> migrations;
    private final Thread reader;
    private volatile boolean steady;
    private volatile boolean stopping;
    private volatile boolean stopped;
    private volatile @Nullable IOException failure;

    PacedBench(HailstormNode node, TimeSource time, Optional<Duration> migrateEvery, InputStream acks) {
        this.node = node;
        this.time = time;
        pauses = new Pauses(time);
        tally = new AckRecords.Tally(pauses);
        migrations = migrateEvery.map(
                every -> new MigrationDriver(MoveDesk.of(node), pauses, 1, every.toMillis(), time.epochMs()));
        reader = Thread.ofPlatform().name("hailstorm-bench").daemon(true).unstarted(() -> read(acks));
    }

    PacedBench start() {
        reader.start();
        return this;
    }

    private void read(InputStream acks) {
        try {
            AckRecords.read(acks, ack -> {
                if (steady) {
                    pauses.steady();
                }
                if (stopping) {
                    pauses.stop();
                    stopped = true;
                }
                tally.accept(ack);
                migrations.ifPresent(driver -> driver.doWork(time.epochMs()));
            });
        } catch (IOException e) {
            failure = e;
        }
    }

    /** From here on it counts. */
    void steady() {
        steady = true;
    }

    /** From here on it does not, and no move begins. Acknowledgements still come: a generator that ended would pass for a dip. */
    void stop() {
        stopping = true;
        for (int wait = 0; wait < STOP_WAITS_MAX && !stopped; wait++) {
            LockSupport.parkNanos(STOP_WAIT_NS);
        }
    }

    /** After the generator has ended: the report's part. */
    void finish(ObjectNode root) throws InterruptedException {
        reader.join(TimeUnit.SECONDS.toMillis(30));
        if (failure != null || reader.isAlive()) {
            throw new HailstormException(ErrorCode.INTERNAL, "the generator's records were not read: " + failure);
        }
        pauses.stop();
        migrations.ifPresent(driver -> driver.settle(() -> node.settle(false)));
        node.settle(false);
        Pauses.Figures waits = pauses.waits();
        Pauses.Throughput throughput = pauses.throughput();
        root.put("acked_per_s_median", throughput.median()).put("acked_per_s_lowest", throughput.lowest());
        root.putObject("wait_ms")
                .put("p50", waits.p50Ms())
                .put("p99", waits.p99Ms())
                .put("max", waits.maxMs());
        root.put("rejected", tally.rejectedCount());
        new MigrationReport(
                        migrations.map(MigrationDriver::doneCount).orElse(0L),
                        migrations.map(MigrationDriver::abortedCount).orElse(0L),
                        pauses.disturbances(),
                        node.core().ingest().heldForRangesMax(),
                        throughput,
                        Optional.empty())
                .putInto(root);
        HistoryChecker.Verdict verdict = node.checkHistory(tally.promises());
        root.putObject("invariants")
                .put("order_violations", verdict.orderViolations())
                .put("lost", verdict.lost())
                .put("duplicates_visible", verdict.duplicatesVisible())
                .put("double_offers", verdict.doubleOffers())
                .put("ok", verdict.ok());
    }
}
