package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A partition with a protection taken away: commits of any generation count, or producers' numbers are remembered by the process only. What
 * the tests of these protections must notice.
 */
final class UnprotectedPartition implements PartitionLog {
    /** What is missing. */
    enum Missing {
        GENERATIONS,
        NUMBERS
    }

    private final PartitionLog partition;
    private final Missing missing;
    private final Map<Long, Long> nextSeqs = new HashMap<>();

    UnprotectedPartition(PartitionLog partition, Missing missing) {
        this.partition = partition;
        this.missing = missing;
    }

    /** A log whose every partition lacks the protection. */
    static Log of(Log log, Missing missing) {
        Map<String, PartitionLog> partitions = new HashMap<>();
        return new Log() {
            @Override
            public int partitionCount() {
                return log.partitionCount();
            }

            @Override
            public PartitionLog partition(StreamName stream, int partition) {
                return partitions.computeIfAbsent(
                        stream + "/" + partition,
                        name -> new UnprotectedPartition(log.partition(stream, partition), missing));
            }

            @Override
            public int doWork(long nowNs) {
                return log.doWork(nowNs);
            }

            @Override
            public LogStats stats(StreamName stream) {
                return log.stats(stream);
            }

            @Override
            public void close() {
                log.close();
            }
        };
    }

    @Override
    public boolean commit(String group, long nextOffset, long generation) {
        long accepted = missing == Missing.GENERATIONS ? partition.generation(group) : generation;
        return partition.commit(group, nextOffset, accepted);
    }

    @Override
    public long nextSeq(long producerId) {
        return missing == Missing.NUMBERS
                ? nextSeqs.getOrDefault(producerId, UNKNOWN_PRODUCER)
                : partition.nextSeq(producerId);
    }

    @Override
    public long append(RecordBatch batch) {
        long offset = partition.append(batch);
        if (offset >= 0) {
            nextSeqs.put(batch.producerId(), batch.baseSeq() + batch.count());
        }
        return offset;
    }

    @Override
    public long endOffset() {
        return partition.endOffset();
    }

    @Override
    public long join(String group, long firstOffset) {
        return partition.join(group, firstOffset);
    }

    @Override
    public long reset(String group, long nextOffset) {
        return partition.reset(group, nextOffset);
    }

    @Override
    public StreamName stream() {
        return partition.stream();
    }

    @Override
    public int partition() {
        return partition.partition();
    }

    @Override
    public long startOffset() {
        return partition.startOffset();
    }

    @Override
    public long durableOffset() {
        return partition.durableOffset();
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return partition.read(fromOffset, maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return partition.offsetAtOrAfter(hlc);
    }

    @Override
    public long committed(String group) {
        return partition.committed(group);
    }

    @Override
    public List<GroupPosition> groups() {
        return partition.groups();
    }
}
