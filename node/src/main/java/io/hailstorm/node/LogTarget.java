package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.KafkaLog;
import io.hailstorm.log.KafkaLogConfig;
import io.hailstorm.log.KafkaLogStats;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Hailstorm's log on Kafka as a chaos run's target, written and read through the {@link Log} port alone: a record counts as
 * acknowledged once durable.
 */
final class LogTarget implements ChaosTarget {
    private static final StreamName STREAM = StreamName.FIXES;
    private static final long RANGE_EPOCH = 0;
    private static final int PRODUCER_EPOCH = 0;
    private static final int READ_RECORDS_MAX = 10_000;
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);
    /** How long nothing more must come before all that is there counts as read. */
    private static final long QUIET_NS = TimeUnit.SECONDS.toNanos(2);

    private static final long LATE_NS = TimeUnit.SECONDS.toNanos(30);
    private static final long OWNED_NS_MAX = TimeUnit.SECONDS.toNanos(60);

    private final KafkaLog log;
    private final String topic;
    private final Supplier<KafkaLog> newcomer;
    private final TimeSource time;
    private final HybridLogicalClock clock;
    private final RecordBatch batch;
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[ChaosRecords.BYTES]);
    private final Underway[] partitions;

    /** Batches of a partition that were appended and are not yet durable. */
    private static final class Underway {
        final ArrayDeque<Appended> batches = new ArrayDeque<>();
        long acked;
    }

    /** A batch's end, in the producer's numbers and in the partition's. */
    private record Appended(long endSeq, long endOffset) {}

    private LogTarget(KafkaLog log, String topic, Supplier<KafkaLog> newcomer, TimeSource time) {
        this.log = log;
        this.topic = topic;
        this.newcomer = newcomer;
        this.time = time;
        clock = new HybridLogicalClock(time);
        batch = new RecordBatch(ChaosPlan.BATCH_MAX * RecordBatch.recordLength(ChaosRecords.BYTES));
        partitions = new Underway[log.partitionCount()];
        Arrays.setAll(partitions, partition -> new Underway());
    }

    /**
     * Opens a new log and waits until every partition is this process's.
     *
     * @param directory where the writer's and the reader's caches go
     */
    static LogTarget open(String bootstrap, int partitionCount, Path directory, TimeSource time) {
        KafkaLogConfig kafka = KafkaLogConfig.defaults(bootstrap, "chaos", "127.0.0.1:0")
                .withMembership(KafkaLogConfig.Membership.ALL);
        LogConfig config = LogConfig.defaults(partitionCount);
        KafkaLog log = KafkaLog.open(kafka, config, new MappedDisk(), time, directory.resolve("writer"));
        LogTarget target = new LogTarget(
                log,
                kafka.topic(STREAM),
                () -> KafkaLog.open(
                        kafka.withMembership(KafkaLogConfig.Membership.NONE),
                        config,
                        new MappedDisk(),
                        time,
                        directory.resolve("reader")),
                time);
        long deadlineNs = time.monotonicNs() + OWNED_NS_MAX;
        while (!IntStream.range(0, partitionCount).allMatch(log::owns)) {
            if (time.monotonicNs() > deadlineNs) {
                target.close();
                throw new HailstormException(
                        ErrorCode.DEADLINE_EXCEEDED, "the log's partitions could not be claimed within a minute");
            }
            if (target.work() == 0) {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        return target;
    }

    @Override
    public int partitionCount() {
        return partitions.length;
    }

    @Override
    public String topic() {
        return topic;
    }

    @Override
    public boolean offer(int partition, long baseSeq, int count) {
        long offset = append(partition, baseSeq, count);
        if (offset == PartitionLog.OUT_OF_ORDER) {
            resend(partition, baseSeq, count);
            offset = append(partition, baseSeq, count);
        }
        return offset >= 0 || offset == PartitionLog.DUPLICATE;
    }

    /** The partition was lost and is ours anew, without what was under way: the log says from where. */
    private void resend(int partition, long toSeq, int count) {
        long from = Math.max(0, at(partition).nextSeq(partition + 1L));
        partitions[partition].batches.removeIf(batch -> batch.endSeq() > from);
        for (long seq = from; seq < toSeq; seq += count) {
            if (append(partition, seq, count) < 0) {
                return; // goes on with the next offer
            }
        }
    }

    private long append(int partition, long baseSeq, int count) {
        batch.begin(RANGE_EPOCH, partition + 1L, PRODUCER_EPOCH, baseSeq, clock.next(count));
        for (int i = 0; i < count; i++) {
            ChaosRecords.put(record, 0, partition, baseSeq + i);
            batch.add(RecordType.FIX, record, 0, ChaosRecords.BYTES);
        }
        long offset = at(partition).append(batch);
        if (offset >= 0) {
            partitions[partition].batches.add(new Appended(baseSeq + count, offset + count));
        }
        return offset;
    }

    @Override
    public long acked(int partition) {
        Underway underway = partitions[partition];
        long durable = at(partition).durableOffset();
        Appended first = underway.batches.peek();
        while (first != null && first.endOffset() <= durable) {
            underway.acked = first.endSeq();
            underway.batches.remove();
            first = underway.batches.peek();
        }
        return underway.acked;
    }

    private PartitionLog at(int partition) {
        return log.partition(STREAM, partition);
    }

    @Override
    public Map<String, Long> counts() {
        KafkaLogStats stats = log.kafkaStats();
        return Map.of(
                "void_batches", stats.voidCount(),
                "sent_again", stats.sentAgainCount(),
                "producers_renewed", stats.renewalCount());
    }

    @Override
    public int work() {
        return log.doWork(time.monotonicNs());
    }

    @Override
    public void readBack(long[] acked, ChaosRecords check) {
        long[] offsets = new long[partitions.length];
        try (Log reader = newcomer.get()) {
            long lastNs = time.monotonicNs();
            while (time.monotonicNs() - lastNs < (isEnough(offsets, acked) ? QUIET_NS : LATE_NS)) {
                int work = reader.doWork(time.monotonicNs());
                boolean hasRead = false;
                for (int partition = 0; partition < offsets.length; partition++) {
                    hasRead |= read(reader, partition, offsets, check);
                }
                if (hasRead) {
                    lastNs = time.monotonicNs();
                } else if (work == 0) {
                    LockSupport.parkNanos(PAUSE_NS);
                }
            }
        }
    }

    private static boolean read(Log reader, int partition, long[] offsets, ChaosRecords check) {
        long from = offsets[partition];
        offsets[partition] = reader.partition(STREAM, partition)
                .read(from, READ_RECORDS_MAX, (offset, hlc, type, buffer, index, length) -> {
                    if (type != RecordType.FIX) {
                        throw new HailstormException(
                                ErrorCode.DATA_LOSS, "read a record nobody wrote: type=" + type + " at " + offset);
                    }
                    check.onRecord(partition, buffer, index, length);
                    return true;
                });
        return offsets[partition] > from;
    }

    private static boolean isEnough(long[] offsets, long[] acked) {
        for (int partition = 0; partition < offsets.length; partition++) {
            if (offsets[partition] < acked[partition]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        log.close();
    }
}
