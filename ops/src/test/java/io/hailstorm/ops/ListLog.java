package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GroupPosition;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogStats;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.log.RecordHandler;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.agrona.concurrent.UnsafeBuffer;

/** A log of lists: everything added is durable at once, unless held back. Any thread. */
final class ListLog implements Log {
    private final int partitionCount;
    private final Map<StreamName, List<ListPartition>> streams = new HashMap<>();
    private long lastHlc;

    ListLog(int partitionCount) {
        this.partitionCount = partitionCount;
        for (StreamName stream : StreamName.values()) {
            List<ListPartition> partitions = new ArrayList<>();
            for (int p = 0; p < partitionCount; p++) {
                partitions.add(new ListPartition(stream, p));
            }
            streams.put(stream, partitions);
        }
    }

    @Override
    public int partitionCount() {
        return partitionCount;
    }

    @Override
    public ListPartition partition(StreamName stream, int partition) {
        return Objects.requireNonNull(streams.get(stream)).get(partition);
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public LogStats stats(StreamName stream) {
        return LogStats.NONE;
    }

    @Override
    public void close() {}

    void addFix(int partition, FixView fix, long nowMs) {
        byte[] bytes = new byte[64];
        fix.buffer().getBytes(0, bytes);
        partition(StreamName.FIXES, partition).add(RecordType.FIX, bytes, nextHlc(nowMs));
    }

    void addEvent(StreamName stream, int partition, Event.Builder event, long nowMs) {
        byte[] bytes = event.setTimeMs(nowMs).build().toByteArray();
        partition(stream, partition).add(RecordType.EVENT, bytes, nextHlc(nowMs));
    }

    private synchronized long nextHlc(long nowMs) {
        lastHlc = Math.max(nowMs << 16, lastHlc + 1);
        return lastHlc;
    }

    /** One partition; {@link #retainFrom} plays retention. */
    static final class ListPartition implements PartitionLog {
        private record Entry(int type, long hlc, UnsafeBuffer payload) {}

        private final StreamName stream;
        private final int partition;
        private final List<Entry> entries = new ArrayList<>();
        private long startOffset;

        ListPartition(StreamName stream, int partition) {
            this.stream = stream;
            this.partition = partition;
        }

        synchronized void add(int type, byte[] payload, long hlc) {
            entries.add(new Entry(type, hlc, new UnsafeBuffer(payload)));
        }

        synchronized void retainFrom(long offset) {
            startOffset = offset;
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
        public long append(RecordBatch batch) {
            throw new UnsupportedOperationException("tests add records one by one");
        }

        @Override
        public synchronized long startOffset() {
            return startOffset;
        }

        @Override
        public synchronized long endOffset() {
            return entries.size();
        }

        @Override
        public long durableOffset() {
            return endOffset();
        }

        @Override
        public long read(long fromOffset, int maxRecords, RecordHandler handler) {
            List<Entry> batch;
            synchronized (this) {
                if (fromOffset < startOffset) {
                    throw new HailstormException(ErrorCode.OUT_OF_RANGE, "below start: " + fromOffset);
                }
                int from = (int) Math.min(fromOffset, entries.size());
                batch = List.copyOf(entries.subList(from, Math.min(from + maxRecords, entries.size())));
            }
            long offset = fromOffset;
            for (Entry entry : batch) {
                boolean goOn =
                        handler.onRecord(offset++, entry.hlc, entry.type, entry.payload, 0, entry.payload.capacity());
                if (!goOn) {
                    break;
                }
            }
            return offset;
        }

        @Override
        public synchronized long offsetAtOrAfter(long hlc) {
            for (int i = 0; i < entries.size(); i++) {
                if (entries.get(i).hlc >= hlc) {
                    return i;
                }
            }
            return entries.size();
        }

        @Override
        public boolean commit(String group, long nextOffset, long generation) {
            return true;
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
