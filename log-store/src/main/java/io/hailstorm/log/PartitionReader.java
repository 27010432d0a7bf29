package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.util.List;

/**
 * The reading half of a partition: what any thread of the node, or another process, may do. Readers see only the durable
 * prefix, never what a crash could take back.
 */
public interface PartitionReader {
    /** No such offset. */
    long NULL_OFFSET = -5;

    StreamName stream();

    int partition();

    /** First offset still retained. Any thread. */
    long startOffset();

    /** Every record below this offset survives a crash, at the stream's acknowledgement level. Any thread. */
    long durableOffset();

    /**
     * Hands durable records from {@code fromOffset} on to the handler, in order, without copying. Every batch touched is
     * checked against its checksum first. Any thread, any number of readers. Steady state: no allocation.
     *
     * @return the offset to read from next; {@code fromOffset} when there was nothing
     * @throws io.hailstorm.kernel.HailstormException {@code OUT_OF_RANGE} below {@link #startOffset}, {@code DATA_LOSS}
     *     naming file and position where a checksum does not match
     */
    long read(long fromOffset, int maxRecords, RecordHandler handler);

    /**
     * Sleeps until the record at {@code offset} is durable, the time is over, or the thread is interrupted: for readers
     * that follow the end. The embedded engine wakes them as it syncs; elsewhere they look again ever more rarely, up to
     * fifty times a second. Any thread but the one that runs {@link Log#doWork}.
     *
     * @return {@link #durableOffset}; not above {@code offset} when nothing came
     * @throws io.hailstorm.kernel.HailstormException {@code UNAVAILABLE} when the log has stopped or is closed
     */
    default long awaitDurable(long offset, long timeoutNs) {
        return DurableWaiters.poll(this, offset, timeoutNs);
    }

    /** First durable offset whose record's clock is at or after {@code hlc}; {@link #durableOffset} when none. */
    long offsetAtOrAfter(long hlc);

    /** Position last committed by a group; {@link #NULL_OFFSET} when none. */
    long committed(String group);

    /** Every group that ever joined or committed here, by name. Any thread. */
    List<GroupPosition> groups();

    /** The group's newest generation; 0 when nobody ever joined it. Any thread. */
    default long generation(String group) {
        for (GroupPosition position : groups()) {
            if (position.group().equals(group)) {
                return position.generation();
            }
        }
        return 0;
    }
}
