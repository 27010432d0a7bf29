package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.util.Optional;

/**
 * A region's log: named streams, each in the same number of partitions. Engines: in memory, embedded
 * (memory-mapped segments), Kafka; one contract test suite runs against all.
 *
 * <p>Threads: {@link #partition} and {@link #close} from the composing thread. An engine does its background
 * work only when somebody calls {@link #doWork}: the node runs that on its own syncer thread, a simulation
 * calls it inline, so a whole node can run in one thread.
 */
public interface Log extends AutoCloseable {
    int partitionCount();

    /** The handle of one partition of one stream; always the same object for the same arguments. */
    PartitionLog partition(StreamName stream, int partition);

    /**
     * Syncs what group commit says is due, prepares segments ahead of need, applies retention. One thread at a
     * time, not a writer's.
     *
     * @param nowNs monotonic nanoseconds
     * @return amount of work done; 0 lets the caller back off
     */
    int doWork(long nowNs);

    /**
     * Compacts streams that say how, a step at a time and no faster than is good for the traffic. One thread at a time, not
     * a writer's, and better not the one that calls {@link #doWork}.
     *
     * @param nowNs monotonic nanoseconds
     * @return amount of work done; 0 lets the caller back off
     */
    default int doMaintenance(long nowNs) {
        return 0;
    }

    /**
     * Keeps a partition's records from an offset on as they are, until the hold is moved or closed. Any thread. An engine
     * that never forgets anything need not do anything.
     *
     * @param name who holds and why, for people
     */
    default RetentionHold hold(String name, StreamName stream, int partition, long offset) {
        return RetentionHold.NONE;
    }

    /**
     * Tells the listener of every later change, inside {@link #doWork}, and of the partitions owned already before this
     * returns. One listener, before the first {@link #doWork}.
     */
    default void onOwnership(OwnershipListener listener) {
        for (int partition = 0; partition < partitionCount(); partition++) {
            listener.onAcquired(partition, 0);
        }
    }

    /**
     * How long the caller of {@link #doWork} may sleep when that found nothing to do, so that a commit begins when it is
     * due and not when a sleep happens to end. Same thread.
     *
     * @return nanoseconds, at most {@code maxNs}
     */
    default long idleNs(long nowNs, long maxNs) {
        return maxNs;
    }

    /** Counters of one stream, for metrics. Any thread. */
    LogStats stats(StreamName stream);

    /**
     * Whether this process is the writer of a partition of every stream. Where several processes share the log that changes
     * while {@link #doWork} runs; appending to a partition of somebody else answers {@link PartitionLog#FENCED}. Once true,
     * everything that earlier owners made durable can be read here. Any thread.
     */
    default boolean owns(int partition) {
        return true;
    }

    /** Who writes a partition, as far as the log says here; empty for a log that only one process can open. Any thread. */
    default Optional<Owner> owner(int partition) {
        return Optional.empty();
    }

    /** Makes everything appended durable, closes all files. */
    @Override
    void close();
}
