package io.hailstorm.log;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.GoldenDirectory;
import io.hailstorm.kernel.testing.VirtualTime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A small log that holds one of everything the files can say: several sealed segments, a log that retention made begin
 * above zero, idempotent producers, groups, a checkpoint, records of every type and of awkward lengths. Written from
 * virtual time, so every run writes the same bytes.
 */
final class GoldenLog {
    static final int PARTITION_COUNT = 2;
    static final int SEGMENT_BYTES = StreamConfig.SEGMENT_BYTES_MIN;

    /** Producers of {@code fixes/0}: their epochs, and where their numbers stand at the end. */
    static final long PRODUCER_A = 11;

    static final int PRODUCER_A_EPOCH = 3;
    static final long PRODUCER_B = 12;
    static final int PRODUCER_B_EPOCH = 7;
    static final int FIXES_PER_BATCH = 10;

    static final String GROUP = "matching";
    static final long GROUP_POSITION = 250;
    static final long GROUP_GENERATION = 2;

    private static final int FIX_BATCHES = 47;
    private static final int FIX_BYTES = 64;
    private static final int BATCH_BYTES = 8 * 1024;
    private static final int PAYLOAD_BYTES_MAX = 1500;

    private final VirtualTime time = new VirtualTime(1_700_000_000_000L);
    private final HybridLogicalClock clock = new HybridLogicalClock(time);
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[PAYLOAD_BYTES_MAX]);
    private long producerASeq;
    private long producerBSeq;

    static LogConfig config() {
        LogConfig config = LogConfig.defaults(PARTITION_COUNT);
        for (StreamName stream : StreamName.values()) {
            StreamConfig small = config.stream(stream)
                    .withSegmentBytes(SEGMENT_BYTES)
                    .withBacklogBytesMax(SEGMENT_BYTES)
                    .withCommit(0, 1 << 20)
                    .withRetention(
                            StreamConfig.UNLIMITED,
                            stream == StreamName.PRICES ? 2L * SEGMENT_BYTES : StreamConfig.UNLIMITED);
            config = config.withStream(stream, small);
        }
        return config;
    }

    /** Writes {@code clean.zip}, closed in order, and {@code killed.zip}, with a batch that was never synced. */
    static void write(Path scratch, Path into) {
        new GoldenLog().writeBoth(scratch, into);
    }

    private void writeBoth(Path scratch, Path into) {
        try (EmbeddedLog log = EmbeddedLog.open(config(), new MappedDisk(), time, scratch)) {
            fill(log);
            append(log, log.partition(StreamName.TRIPS, 1), RecordType.EVENT, 5, 100, false);
            GoldenDirectory.pack(scratch, into.resolve("killed.zip"), Set.of("lock"));
        }
        GoldenDirectory.pack(scratch, into.resolve("clean.zip"), Set.of("lock"));
    }

    private void fill(EmbeddedLog log) {
        PartitionLog fixes = log.partition(StreamName.FIXES, 0);
        for (int i = 0; i < FIX_BATCHES; i++) {
            appendFixes(log, fixes, i);
        }
        append(log, log.partition(StreamName.FIXES, 1), RecordType.FIX, 7, FIX_BYTES, true);
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        for (int length : new int[] {0, 1, 7, 8, 9, 63, 64, 65, 255, PAYLOAD_BYTES_MAX}) {
            append(log, trips, RecordType.EVENT, 3, length, true);
        }
        append(log, log.partition(StreamName.TRIPS, 1), RecordType.EVENT, 1, 40, true);
        for (int i = 0; i < 20; i++) {
            append(log, log.partition(StreamName.PRICES, 0), RecordType.EVENT, 5, 700, true);
        }
        append(log, log.partition(StreamName.CONTROL, 0), RecordType.EVENT, 2, 33, true);
        append(log, log.partition(StreamName.LATE, 0), RecordType.FIX, 2, FIX_BYTES, true);
        append(log, log.partition(StreamName.LATE, 0), RecordType.REJECTED_FIX, 2, FIX_BYTES, true);
        append(log, log.partition(StreamName.DEAD_LETTERS, 1), RecordType.EVENT, 1, 90, true);
        fixes.commit(GROUP, 100, 1);
        fixes.commit("a group with a name of several words, and ümlauts", 20, 1);
        fixes.commit(GROUP, GROUP_POSITION, GROUP_GENERATION);
        trips.commit(GROUP, 4, GROUP_GENERATION);
    }

    private void appendFixes(EmbeddedLog log, PartitionLog fixes, int i) {
        long producer = i % 3 == 0 ? PRODUCER_A : i % 3 == 1 ? PRODUCER_B : RecordBatch.NO_PRODUCER;
        long seq = producer == PRODUCER_A ? producerASeq : producer == PRODUCER_B ? producerBSeq : 0;
        int epoch = producer == PRODUCER_A ? PRODUCER_A_EPOCH : producer == PRODUCER_B ? PRODUCER_B_EPOCH : 0;
        batch.begin(i / 10, producer, epoch, seq, clock.next(FIXES_PER_BATCH));
        for (int n = 0; n < FIXES_PER_BATCH; n++) {
            fillPayload(i * FIXES_PER_BATCH + n, FIX_BYTES);
            add(RecordType.FIX, FIX_BYTES);
        }
        append(log, fixes, true);
        if (producer == PRODUCER_A) {
            producerASeq += FIXES_PER_BATCH;
        } else if (producer == PRODUCER_B) {
            producerBSeq += FIXES_PER_BATCH;
        }
    }

    private void append(EmbeddedLog log, PartitionLog to, int type, int count, int length, boolean sync) {
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, clock.next(count));
        for (int i = 0; i < count; i++) {
            fillPayload(to.endOffset() + i, length);
            add(type, length);
        }
        append(log, to, sync);
    }

    private void fillPayload(long number, int length) {
        for (int i = 0; i < length; i++) {
            payload.putByte(i, (byte) (number * 31 + i * 7L));
        }
    }

    private void add(int type, int length) {
        if (!batch.add(type, payload, 0, length)) {
            throw new IllegalStateException("the golden log's batches are small");
        }
    }

    private void append(EmbeddedLog log, PartitionLog to, boolean sync) {
        long offset = to.append(batch);
        for (int i = 0; offset == PartitionLog.BACK_PRESSURED && i < 16; i++) {
            work(log);
            offset = to.append(batch);
        }
        if (offset < 0) {
            throw new IllegalStateException("append answered " + offset);
        }
        if (sync) {
            work(log);
        }
    }

    private void work(EmbeddedLog log) {
        time.advanceMs(1_001); // retention looks once a second
        log.doWork(time.monotonicNs());
    }

    /** Every record that readers see, one JSON object a line, by stream, partition and offset. */
    static List<String> render(List<? extends PartitionReader> partitions) {
        List<String> lines = new ArrayList<>();
        for (PartitionReader partition : partitions) {
            long next = partition.startOffset();
            while (next < partition.durableOffset()) {
                next = partition.read(next, 1024, (offset, hlc, type, buffer, index, length) -> {
                    byte[] bytes = new byte[length];
                    buffer.getBytes(index, bytes);
                    lines.add("{\"stream\":\"" + partition.stream() + "\",\"partition\":" + partition.partition()
                            + ",\"offset\":" + offset + ",\"hlc\":" + hlc + ",\"type\":" + type + ",\"payload\":\""
                            + HexFormat.of().formatHex(bytes) + "\"}");
                    return true;
                });
            }
        }
        return lines;
    }

    /** The partitions of an open log in the order that {@link LogReader} has. */
    static List<PartitionReader> partitions(Log log) {
        List<PartitionReader> all = new ArrayList<>();
        for (StreamName stream : StreamName.values()) {
            for (int p = 0; p < log.partitionCount(); p++) {
                all.add(log.partition(stream, p));
            }
        }
        return all;
    }
}
