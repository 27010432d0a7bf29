package io.hailstorm.node;

import io.hailstorm.ingest.PartitionServers;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.log.Log;
import io.hailstorm.log.Owner;

/**
 * The partitions this node serves: those it owns in the log and has read to their end. Region agent's thread; other threads
 * may look.
 */
final class ServedPartitions implements PartitionServers {
    /** Who serves this partition decides for the region: holds the rounds, publishes prices, writes ownership. */
    static final int DISPATCH_PARTITION = 0;

    private final Log log;
    private final boolean shared;
    private final long eventSalt;
    private volatile boolean[] served;

    private ServedPartitions(Log log, boolean shared, long eventSalt) {
        this.log = log;
        this.shared = shared;
        this.eventSalt = eventSalt;
        served = new boolean[log.partitionCount()];
    }

    /** All of a log that nobody else writes. */
    static ServedPartitions alone(Log log) {
        return new ServedPartitions(log, false, 0);
    }

    /** Some of a log that several nodes share. */
    static ServedPartitions shared(Log log, String nodeId) {
        long salt = 0;
        for (int i = 0; i < nodeId.length(); i++) {
            salt = CounterRandom.mix(salt * 31 + nodeId.charAt(i) + 1);
        }
        return new ServedPartitions(log, true, salt);
    }

    /** Whether other nodes may append to partitions this one does not serve. */
    boolean isShared() {
        return shared;
    }

    @Override
    public boolean isAlone() {
        return !shared;
    }

    @Override
    public boolean serves(int partition) {
        return served[partition];
    }

    boolean dispatches() {
        return served[DISPATCH_PARTITION];
    }

    /** Partitions served; any thread. */
    int count() {
        int count = 0;
        for (boolean each : served) {
            count += each ? 1 : 0;
        }
        return count;
    }

    @Override
    public String endpoint(int partition) {
        return log.owns(partition)
                ? ""
                : log.owner(partition).map(Owner::endpoint).orElse("");
    }

    @Override
    public long eventSalt() {
        return eventSalt;
    }

    void set(int partition, boolean serves) {
        boolean[] changed = served.clone();
        changed[partition] = serves;
        served = changed;
    }
}
