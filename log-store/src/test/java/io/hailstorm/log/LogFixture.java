package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** What the tests of this module share: a small configuration, batches of numbers, and reading them back. */
final class LogFixture {
    static final Path DATA_DIR = Path.of("/data");
    static final int SEGMENT_BYTES = 64 * 1024;

    final VirtualTime time = new VirtualTime(1_700_000_000_000L);
    final HybridLogicalClock clock = new HybridLogicalClock(time);
    private final RecordBatch batch = new RecordBatch(32 * 1024);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[256]);

    static LogConfig config() {
        StreamConfig small = new StreamConfig(
                AckLevel.DISK, 0, 1 << 20, SEGMENT_BYTES, 48 * 1024, StreamConfig.UNLIMITED, StreamConfig.UNLIMITED);
        LogConfig config = LogConfig.defaults(2);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(stream, small);
        }
        return config;
    }

    /** The same with every stream compressed. */
    static LogConfig compressed(LogConfig config, Compression compression) {
        LogConfig changed = config;
        for (StreamName stream : StreamName.values()) {
            changed = changed.withStream(stream, config.stream(stream).withCompression(compression));
        }
        return changed;
    }

    EmbeddedLog open(Disk disk) {
        return EmbeddedLog.open(config(), disk, time, DATA_DIR);
    }

    static Path partitionDirectory(StreamName stream) {
        return EmbeddedLog.partitionDirectory(DATA_DIR.resolve("log"), stream, 0);
    }

    /** A batch of records that hold {@code first}, {@code first + 1}, … */
    RecordBatch batch(long first, int count) {
        return batch(first, count, RecordBatch.NO_PRODUCER, 0, 0);
    }

    RecordBatch batch(long first, int count, long producer, int epoch, long baseSeq) {
        batch.begin(1, producer, epoch, baseSeq, clock.next(count));
        for (int i = 0; i < count; i++) {
            payload.putLong(0, first + i);
            if (!batch.add(RecordType.EVENT, payload, 0, 64)) {
                throw new IllegalArgumentException("batch too large for the fixture: " + count);
            }
        }
        return batch;
    }

    /** Appends, letting the syncer run when the log asks for it. */
    long append(Log log, PartitionLog partition, RecordBatch toAppend) {
        long offset = partition.append(toAppend);
        for (int i = 0; i < 4 && offset == PartitionLog.BACK_PRESSURED; i++) {
            sync(log);
            offset = partition.append(toAppend);
        }
        return offset;
    }

    void sync(Log log) {
        time.advanceMs(10);
        log.doWork(time.monotonicNs());
        if (log instanceof KafkaLog kafka) {
            KafkaFixture.settle(kafka, time);
        }
    }

    static List<Long> readAll(PartitionReader partition) {
        List<Long> values = new ArrayList<>();
        long next = partition.startOffset();
        long reached = partition.read(next, Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
            values.add(buffer.getLong(index));
            return true;
        });
        if (reached != next + values.size()) {
            throw new AssertionError("read reached " + reached + " with " + values.size() + " records");
        }
        return values;
    }

    static List<Long> numbers(long fromInclusive, long toExclusive) {
        List<Long> numbers = new ArrayList<>();
        for (long n = fromInclusive; n < toExclusive; n++) {
            numbers.add(n);
        }
        return numbers;
    }
}
