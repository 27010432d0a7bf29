package io.hailstorm.ingest;

/**
 * Which partitions this node serves, and where the others are served: what the edge needs to know when several nodes share
 * a log. Changes only between turns of the region agent, on whose thread it is asked.
 */
public interface PartitionServers {
    /** A node alone with its log. */
    PartitionServers ALL_HERE = new PartitionServers() {
        @Override
        public boolean isAlone() {
            return true;
        }

        @Override
        public boolean serves(int partition) {
            return true;
        }

        @Override
        public String endpoint(int partition) {
            return "";
        }

        @Override
        public long eventSalt() {
            return 0;
        }
    };

    /**
     * Whether nobody else ever serves any partition. Where others may, one partition can go to another node without the rest, so a driver
     * who passes from one to the other within a node leaves a record of it.
     */
    boolean isAlone();

    /** Whether this node appends to the partition, and answers for the drivers it has authority over. */
    boolean serves(int partition);

    /** {@code host:port} of the node that serves it; empty when none does just now, or it is this one. */
    String endpoint(int partition);

    /** What this node's event ids are mixed with, so that two nodes never give the same one. */
    long eventSalt();
}
