package io.hailstorm.log;

import io.hailstorm.kernel.Invariants;

/**
 * A region that takes part in a geo log: a process with copies of all partitions, and the home of some.
 *
 * @param region its name, unique; also its address on the {@link GeoTransport}
 * @param endpoint {@code host:port} where it serves phones
 * @param firstPartition the first partition it is the home of
 * @param partitionCount of how many, that one included
 */
public record GeoMember(String region, String endpoint, int firstPartition, int partitionCount) {
    public GeoMember {
        Invariants.require(
                region.matches("[A-Za-z0-9._-]{1,64}"),
                "region: expected letters, digits, '.', '_' and '-', got \"%s\"",
                region);
        Invariants.require(firstPartition >= 0 && partitionCount >= 1, "region %s is the home of nothing", region);
    }

    /** Whether this is the partition's home. */
    public boolean isHomeOf(int partition) {
        return partition >= firstPartition && partition < firstPartition + partitionCount;
    }
}
