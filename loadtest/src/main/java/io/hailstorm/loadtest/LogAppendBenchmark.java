package io.hailstorm.loadtest;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Building and appending one batch of 64-byte records to one partition; the score is a batch. Appended in bursts that fit
 * the log's bound of unsynced bytes, with a wait for the syncer between them that does not count: the writer alone is
 * several times as fast as any disk. {@code hailstorm bench log} measures both together.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 100)
@Measurement(iterations = 200)
public class LogAppendBenchmark {
    /** Batches a burst: 22 MB of a hundred records each. */
    private static final int BURST = 3000;

    @Param({"1", "100"})
    private int batchSize = 1;

    @Param({"MEMORY", "DISK"})
    private AckLevel ack = AckLevel.MEMORY;

    private final UnsafeBuffer fix = new UnsafeBuffer(new byte[FixDescriptor.LENGTH]);
    private final RecordBatch batch = new RecordBatch(100 * RecordBatch.recordLength(FixDescriptor.LENGTH));
    private final HybridLogicalClock clock = new HybridLogicalClock(new SystemTimeSource());

    @SuppressWarnings("NullAway.Init") // set up before any benchmark runs
    private TemporaryLog log;

    @SuppressWarnings("NullAway.Init")
    private PartitionLog partition;

    @Setup
    public void open() {
        log = new TemporaryLog(1, ack);
        partition = log.fixes(0);
    }

    @TearDown
    public void close() throws Exception {
        log.close();
    }

    @Setup(Level.Iteration)
    public void letTheSyncerCatchUp() {
        log.awaitSynced();
    }

    @Benchmark
    @OperationsPerInvocation(BURST)
    public long append() {
        for (int i = 0; i < BURST; i++) {
            appendBatch();
        }
        return partition.endOffset();
    }

    private void appendBatch() {
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next(batchSize));
        for (int i = 0; i < batchSize; i++) {
            batch.add(RecordType.FIX, fix, 0, FixDescriptor.LENGTH);
        }
        TemporaryLog.append(partition, batch);
    }
}
