package io.hailstorm.ingest;

import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** Appends commands to {@code trips}, and runs what waits for their durability. Owned by the agent's thread. */
final class TripAppender {
    private static final int BATCH_BYTES = 1 << 16;
    /** {@link #partitionOf}: the cell is of this region, but this node serves no partition to write to. */
    static final int NONE_SERVED = -2;

    private final HybridLogicalClock clock;
    private final List<PartitionLog> logs = new ArrayList<>();
    private final List<ArrayDeque<WhenDurable>> waiting = new ArrayList<>();
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);
    private final UnsafeBuffer bytes = new UnsafeBuffer(0, 0);

    private final PartitionServers servers;

    private record WhenDurable(long offset, Runnable action, Runnable lost) {}

    TripAppender(Log log, HybridLogicalClock clock, PartitionServers servers) {
        this.clock = clock;
        this.servers = servers;
        for (int partition = 0; partition < log.partitionCount(); partition++) {
            logs.add(log.partition(StreamName.TRIPS, partition));
            waiting.add(new ArrayDeque<>());
        }
    }

    /**
     * Appends one command.
     *
     * @return its offset, or {@link PartitionLog#BACK_PRESSURED}; nothing was kept then, ask again
     * @throws HailstormException INVALID_ARGUMENT when the command is too large for a batch
     */
    long append(int partition, Event.Builder command, long rangeEpoch, long nowMs) {
        long hlc = clock.next();
        byte[] record = command.setEventId(hlc ^ servers.eventSalt())
                .setSchemaVersion(SchemaVersion.current(command.getPayloadCase()))
                .setHlc(hlc)
                .setTimeMs(nowMs)
                .build()
                .toByteArray();
        bytes.wrap(record);
        batch.begin(rangeEpoch, RecordBatch.NO_PRODUCER, 0, 0, hlc);
        if (!batch.add(RecordType.EVENT, bytes, 0, record.length)) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "command too large: at most " + BATCH_BYTES + " bytes, got " + record.length);
        }
        long offset = logs.get(partition).append(batch);
        if (offset == PartitionLog.FENCED) {
            return PartitionLog.BACK_PRESSURED; // the node is about to say that the partition is lost
        }
        if (offset < 0 && offset != PartitionLog.BACK_PRESSURED) {
            throw new HailstormException(
                    ErrorCode.INTERNAL,
                    "append to trips/" + partition + " answered " + offset
                            + ", which a writer without a producer id never gets");
        }
        return offset;
    }

    /**
     * Where a command about a cell goes: to the cell's partition, or where another node serves that, to any this node does.
     * Readers take all partitions in the order of their clocks.
     *
     * @return {@link PartitionMap#NO_PARTITION} outside the region, {@link #NONE_SERVED}
     */
    int partitionOf(PartitionMap map, long routingCell) {
        int home = map.partitionOf(routingCell);
        if (home == PartitionMap.NO_PARTITION || servers.serves(home)) {
            return home;
        }
        for (int partition = 0; partition < logs.size(); partition++) {
            if (servers.serves(partition)) {
                return partition;
            }
        }
        return NONE_SERVED;
    }

    /**
     * Runs {@code action} once the record is durable, or {@code lost} when the partition goes to another node first, and
     * whether it became durable is not known. In order of offset, a partition.
     */
    void whenDurable(int partition, long offset, Runnable action, Runnable lost) {
        waiting.get(partition).add(new WhenDurable(offset, action, lost));
    }

    /** Settles what is durable of a partition for the last time; the rest is lost from sight. */
    void lose(int partition) {
        settle(partition);
        ArrayDeque<WhenDurable> queue = waiting.get(partition);
        for (WhenDurable first = queue.poll(); first != null; first = queue.poll()) {
            first.lost.run();
        }
    }

    int settle() {
        int settled = 0;
        for (int partition = 0; partition < logs.size(); partition++) {
            settled += settle(partition);
        }
        return settled;
    }

    private int settle(int partition) {
        ArrayDeque<WhenDurable> queue = waiting.get(partition);
        if (queue.isEmpty()) {
            return 0;
        }
        int settled = 0;
        long durable = logs.get(partition).durableOffset();
        for (WhenDurable first = queue.peek(); first != null && first.offset < durable; first = queue.peek()) {
            queue.remove();
            first.action.run();
            settled++;
        }
        return settled;
    }

    /** Calls waiting for durability. */
    int waitingCount() {
        int count = 0;
        for (ArrayDeque<WhenDurable> queue : waiting) {
            count += queue.size();
        }
        return count;
    }
}
