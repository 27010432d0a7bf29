package io.hailstorm.ingest;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GroupPosition;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogStats;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecordHandler;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.agrona.concurrent.UnsafeBuffer;

/** A log in memory whose durability, back-pressure and crashes the test decides. */
final class ManualLog implements Log {
    private final int partitionCount;
    private final Map<StreamName, List<Partition>> streams = new EnumMap<>(StreamName.class);
    boolean backPressured;

    ManualLog(int partitionCount) {
        this.partitionCount = partitionCount;
        for (StreamName stream : StreamName.values()) {
            List<Partition> partitions = new ArrayList<>();
            for (int partition = 0; partition < partitionCount; partition++) {
                partitions.add(new Partition(stream, partition));
            }
            streams.put(stream, partitions);
        }
    }

    /** Everything appended so far becomes durable. */
    void sync() {
        streams.values().forEach(partitions -> partitions.forEach(Partition::sync));
    }

    /** Loses what is not durable. */
    void crash() {
        streams.values().forEach(partitions -> partitions.forEach(Partition::crash));
    }

    @Override
    public int partitionCount() {
        return partitionCount;
    }

    @Override
    public Partition partition(StreamName stream, int partition) {
        List<Partition> partitions = streams.get(stream);
        if (partitions == null) {
            throw new IllegalStateException("the constructor makes every stream");
        }
        return partitions.get(partition);
    }

    @Override
    public int doWork(long nowNs) {
        sync();
        return 0;
    }

    @Override
    public LogStats stats(StreamName stream) {
        throw new UnsupportedOperationException("no metrics of a log in a test");
    }

    @Override
    public void close() {}

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    record Entry(long hlc, int type, byte[] bytes) {}

    final class Partition implements PartitionLog {
        private final StreamName stream;
        private final int partition;
        final List<Entry> entries = new ArrayList<>();
        private int durable;

        Partition(StreamName stream, int partition) {
            this.stream = stream;
            this.partition = partition;
        }

        void sync() {
            durable = entries.size();
        }

        /** A few more of the records become durable. */
        void sync(int count) {
            durable = Math.min(entries.size(), durable + count);
        }

        void crash() {
            entries.subList(durable, entries.size()).clear();
        }

        @Override
        public long append(RecordBatch batch) {
            if (backPressured) {
                return BACK_PRESSURED;
            }
            long first = entries.size();
            int at = 0;
            for (int i = 0; i < batch.count(); i++) {
                int length = batch.buffer().getInt(at);
                byte[] bytes = new byte[length];
                batch.buffer().getBytes(at + RecordBatch.RECORD_HEADER_LENGTH, bytes);
                entries.add(new Entry(batch.hlcFirst() + i, batch.buffer().getShort(at + 4), bytes));
                at += RecordBatch.recordLength(length);
            }
            return first;
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
        public long startOffset() {
            return 0;
        }

        @Override
        public long endOffset() {
            return entries.size();
        }

        @Override
        public long durableOffset() {
            return durable;
        }

        @Override
        public long read(long fromOffset, int maxRecords, RecordHandler handler) {
            long offset = fromOffset;
            for (; offset < durable && offset < fromOffset + maxRecords; offset++) {
                Entry entry = entries.get((int) offset);
                UnsafeBuffer buffer = new UnsafeBuffer(entry.bytes());
                if (!handler.onRecord(offset, entry.hlc(), entry.type(), buffer, 0, entry.bytes().length)) {
                    return offset + 1;
                }
            }
            return offset;
        }

        @Override
        public long offsetAtOrAfter(long hlc) {
            throw new UnsupportedOperationException("the edge never seeks by time");
        }

        @Override
        public boolean commit(String group, long nextOffset, long generation) {
            throw new UnsupportedOperationException("the edge never commits");
        }

        @Override
        public long join(String group, long firstOffset) {
            throw new UnsupportedOperationException("nobody joins a group in these tests");
        }

        @Override
        public long reset(String group, long nextOffset) {
            throw new UnsupportedOperationException("nobody joins a group in these tests");
        }

        @Override
        public long nextSeq(long producerId) {
            return UNKNOWN_PRODUCER;
        }

        @Override
        public List<GroupPosition> groups() {
            return List.of();
        }

        @Override
        public long committed(String group) {
            return NULL_OFFSET;
        }
    }
}
