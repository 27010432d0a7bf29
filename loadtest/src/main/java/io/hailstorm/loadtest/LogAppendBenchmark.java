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
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Building and appending one batch of 64-byte records to one partition; the score is a batch. With {@code DISK} the
 * disk's bandwidth bounds it through the log's back-pressure.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class LogAppendBenchmark {
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

    @Benchmark
    public long append() {
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next(batchSize));
        for (int i = 0; i < batchSize; i++) {
            batch.add(RecordType.FIX, fix, 0, FixDescriptor.LENGTH);
        }
        TemporaryLog.append(partition, batch);
        return partition.endOffset();
    }
}
