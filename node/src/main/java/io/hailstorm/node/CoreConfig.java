package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Partitioner;
import io.hailstorm.geo.Region;
import io.hailstorm.ingest.IngestConfig;
import io.hailstorm.kernel.RegionId;
import java.util.List;

/**
 * What a region is made of, beside its log and its clock.
 *
 * @param areas the regions in the deployment's order, each the home of as many partitions; one area for a single region
 * @param cells a simulation's remembers what it was asked
 * @param partitionCount of the log, and of the map
 * @param policy how riders and drivers are matched
 * @param checkpointMs between checkpoints of the sessions, by the region's own clock
 * @param copyPortionRecords of a moving range's source, read in one turn
 * @param balance whether ranges move by themselves where load is uneven
 */
record CoreConfig(
        City city,
        List<Region> areas,
        Cells cells,
        int partitionCount,
        String policy,
        IngestConfig ingest,
        long checkpointMs,
        int copyPortionRecords,
        boolean balance) {
    CoreConfig(
            City city, List<Region> areas, int partitionCount, String policy, IngestConfig ingest, long checkpointMs) {
        this(
                city,
                areas,
                Cells.create(),
                partitionCount,
                policy,
                ingest,
                checkpointMs,
                LogRangeStore.PORTION_RECORDS,
                false);
    }

    /** Of one region that covers the city, where ranges move only when asked. */
    CoreConfig(City city, int partitionCount, String policy, IngestConfig ingest, long checkpointMs) {
        this(city, List.of(city.region()), partitionCount, policy, ingest, checkpointMs);
    }

    /** The region that is a partition's home. */
    String homeOf(int partition) {
        return areas.size() == 1
                ? city.name()
                : areas.get(partition / (partitionCount / areas.size())).name();
    }

    RegionId region() {
        return new RegionId(city.name());
    }

    /** Who owns what in a log that has no map yet: a fair share each of its home region. */
    PartitionMap firstMap() {
        return Partitioner.balancedEach(
                areas.stream().map(Region::routingCells).toList(), city::demandWeight, partitionCount / areas.size());
    }
}
