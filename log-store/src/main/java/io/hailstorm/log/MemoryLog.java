package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The engine for tests: heap memory, nothing survives the process. "Durable" is what a {@link #doWork} that was due has
 * seen, as with the embedded engine. Simple on purpose, so that it can serve as the model of the other.
 */
public final class MemoryLog implements Log {
    private final LogConfig config;
    private final Map<StreamName, List<MemoryPartition>> partitions = new EnumMap<>(StreamName.class);

    public MemoryLog(LogConfig config, TimeSource time) {
        this.config = config;
        for (StreamName stream : StreamName.values()) {
            List<MemoryPartition> ofStream = new ArrayList<>();
            for (int p = 0; p < config.partitionCount(); p++) {
                ofStream.add(new MemoryPartition(stream, p, config.stream(stream), time));
            }
            partitions.put(stream, ofStream);
        }
    }

    @Override
    public int partitionCount() {
        return config.partitionCount();
    }

    private List<MemoryPartition> ofStream(StreamName stream) {
        return partitions.getOrDefault(stream, List.of());
    }

    @Override
    public PartitionLog partition(StreamName stream, int partition) {
        return ofStream(stream).get(partition);
    }

    @Override
    public int doWork(long nowNs) {
        int work = 0;
        for (List<MemoryPartition> ofStream : partitions.values()) {
            for (MemoryPartition partition : ofStream) {
                work += partition.doWork(nowNs);
            }
        }
        return work;
    }

    @Override
    public RetentionHold hold(String name, StreamName stream, int partition, long offset) {
        return ofStream(stream).get(partition).holds.hold(name, offset);
    }

    @Override
    public LogStats stats(StreamName stream) {
        LogStats sum = LogStats.NONE;
        for (MemoryPartition partition : ofStream(stream)) {
            sum = sum.plus(partition.stats());
        }
        return sum;
    }

    @Override
    public void close() {
        for (List<MemoryPartition> ofStream : partitions.values()) {
            ofStream.forEach(MemoryPartition::close);
        }
    }

    private record Batch(long baseOffset, int count, long hlcFirst, UnsafeBuffer records) {
        long endOffset() {
            return baseOffset + count;
        }
    }

    private record Committed(long nextOffset, long generation) {}

    /** All methods are synchronized; a handler runs outside the lock. */
    private static final class MemoryPartition implements PartitionLog {
        private final StreamName stream;
        private final int partition;
        private final StreamConfig config;
        private final TimeSource time;
        private final List<Batch> batches = new ArrayList<>();
        private final PartitionHolds holds = new PartitionHolds();
        private final ProducerTable producers;
        private final Map<String, Committed> groups = new HashMap<>();
        private long startOffset;
        private long endOffset;
        private long syncedOffset;
        private long heldBytes;
        private long appendedBytes;
        private long backlogBytes;
        private long lastSyncNs = Long.MIN_VALUE / 2;
        private long syncCount;
        private boolean closed;

        MemoryPartition(StreamName stream, int partition, StreamConfig config, TimeSource time) {
            this.stream = stream;
            this.partition = partition;
            this.config = config;
            this.time = time;
            producers = new ProducerTable(config.producerExpiryMs());
        }

        @Override
        public StreamName stream() {
            return stream;
        }

        @Override
        public int partition() {
            return partition;
        }

        @Override
        public synchronized long append(RecordBatch batch) {
            Invariants.require(!batch.isEmpty(), "append of an empty batch");
            if (closed) {
                throw new HailstormException(ErrorCode.UNAVAILABLE, "the log is closed");
            }
            long verdict = producers.check(
                    batch.producerId(), batch.producerEpoch(), batch.baseSeq(), batch.count(), batch.hlcFirst());
            if (verdict != ProducerTable.ACCEPTED) {
                return verdict;
            }
            int length = BatchDescriptor.HEADER_LENGTH + batch.length();
            if (backlogBytes > 0 && backlogBytes + length > config.backlogBytesMax()) {
                return BACK_PRESSURED;
            }
            if (length > config.segmentBytes() - SegmentDescriptor.HEADER_LENGTH) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT,
                        "batch too large: bytes=" + length + ", segment=" + config.segmentBytes() + " for " + stream);
            }
            byte[] copy = new byte[batch.length()];
            batch.buffer().getBytes(0, copy);
            long offset = endOffset;
            batches.add(new Batch(offset, batch.count(), batch.hlcFirst(), new UnsafeBuffer(copy)));
            producers.onBatch(
                    batch.producerId(),
                    batch.producerEpoch(),
                    batch.baseSeq(),
                    batch.count(),
                    offset,
                    batch.hlcFirst());
            endOffset += batch.count();
            heldBytes += length;
            appendedBytes += length;
            backlogBytes += length;
            return offset;
        }

        @Override
        public synchronized long startOffset() {
            return startOffset;
        }

        @Override
        public synchronized long endOffset() {
            return endOffset;
        }

        @Override
        public synchronized long durableOffset() {
            return config.ackLevel() == AckLevel.MEMORY ? endOffset : syncedOffset;
        }

        private synchronized int indexOf(long offset) {
            int low = 0;
            int high = batches.size() - 1;
            while (low <= high) {
                int middle = (low + high) >>> 1;
                if (batches.get(middle).endOffset() <= offset) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return low;
        }

        private synchronized Batch holding(long offset) {
            if (offset < startOffset) {
                throw new HailstormException(
                        ErrorCode.OUT_OF_RANGE,
                        "offset no longer retained: " + stream + "/" + partition + ", asked=" + offset + ", first="
                                + startOffset);
            }
            return batches.get(indexOf(offset));
        }

        @Override
        public long read(long fromOffset, int maxRecords, RecordHandler handler) {
            if (fromOffset < startOffset()) {
                holding(fromOffset);
            }
            long limit = Math.min(durableOffset(), fromOffset + maxRecords);
            long next = fromOffset;
            while (next < limit) {
                Batch batch = holding(next);
                int at = 0;
                for (long offset = batch.baseOffset; offset < batch.endOffset() && offset < limit; offset++) {
                    int length = batch.records.getInt(at);
                    int type = batch.records.getShort(at + 4) & 0xFFFF;
                    int payload = at + RecordBatch.RECORD_HEADER_LENGTH;
                    if (offset >= next) {
                        long hlc = batch.hlcFirst + (offset - batch.baseOffset);
                        if (!handler.onRecord(offset, hlc, type, batch.records, payload, length)) {
                            return offset + 1;
                        }
                    }
                    at += RecordBatch.recordLength(length);
                }
                next = Math.min(limit, batch.endOffset());
            }
            return next;
        }

        @Override
        public synchronized long offsetAtOrAfter(long hlc) {
            for (Batch batch : batches) {
                boolean durable = batch.baseOffset < durableOffset();
                if (durable && batch.hlcFirst + batch.count - 1 >= hlc) {
                    return batch.baseOffset + Math.max(0, hlc - batch.hlcFirst);
                }
            }
            return durableOffset();
        }

        @Override
        public synchronized boolean commit(String group, long nextOffset, long generation) {
            GroupFile.checkedName(group, nextOffset);
            Committed last = groups.get(group);
            if (last != null && generation < last.generation) {
                return false;
            }
            groups.put(group, new Committed(nextOffset, generation));
            return true;
        }

        @Override
        public synchronized long join(String group, long firstOffset) {
            Committed last = groups.get(group);
            return reset(group, last == null ? firstOffset : last.nextOffset);
        }

        @Override
        public synchronized long reset(String group, long nextOffset) {
            long generation = generation(group) + 1;
            commit(group, nextOffset, generation);
            return generation;
        }

        @Override
        public synchronized long nextSeq(long producerId) {
            return producers.nextSeq(producerId);
        }

        @Override
        public synchronized List<GroupPosition> groups() {
            List<GroupPosition> positions = new ArrayList<>();
            groups.forEach((group, at) -> positions.add(new GroupPosition(group, at.generation, at.nextOffset)));
            positions.sort(Comparator.comparing(GroupPosition::group));
            return positions;
        }

        @Override
        public synchronized long committed(String group) {
            Committed last = groups.get(group);
            return last == null ? NULL_OFFSET : last.nextOffset;
        }

        synchronized int doWork(long nowNs) {
            int work = 0;
            boolean due = nowNs - lastSyncNs >= config.commitIntervalNs() || backlogBytes >= config.commitBytes();
            if (syncedOffset < endOffset && due) {
                syncedOffset = endOffset;
                backlogBytes = 0;
                lastSyncNs = nowNs;
                syncCount++;
                work++;
            }
            int expired = 0;
            while (expired + 1 < batches.size() && isExpired(batches.get(expired))) {
                heldBytes -= BatchDescriptor.HEADER_LENGTH
                        + batches.get(expired).records.capacity();
                expired++;
            }
            if (expired > 0) {
                batches.subList(0, expired).clear();
                startOffset = batches.get(0).baseOffset;
            }
            return work + expired;
        }

        private boolean isExpired(Batch batch) {
            long slowest = groups.values().stream()
                    .mapToLong(Committed::nextOffset)
                    .min()
                    .orElse(Long.MAX_VALUE);
            if (batch.endOffset() > Math.min(Math.min(slowest, syncedOffset), holds.lowest())) {
                return false;
            }
            long ageMs = time.epochMs() - HybridLogicalClock.epochMs(batch.hlcFirst + batch.count - 1);
            boolean tooOld = config.retentionMs() != StreamConfig.UNLIMITED && ageMs > config.retentionMs();
            return tooOld || heldBytes > config.retentionBytes();
        }

        synchronized LogStats stats() {
            return new LogStats(endOffset, appendedBytes, syncCount, 0, 0, backlogBytes, 0, 0, heldBytes, 0, faults());
        }

        private LogFaults faults() {
            return new LogFaults(0, 0, 0, 0, 0, 0, producers.expiredCount(), 0);
        }

        synchronized void close() {
            syncedOffset = endOffset;
            closed = true;
        }
    }
}
