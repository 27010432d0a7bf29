package io.hailstorm.node;

import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Partitioner;
import io.hailstorm.ingest.IngestConfig;
import io.hailstorm.kernel.RegionId;

/**
 * What a region is made of, beside its log and its clock.
 *
 * @param partitionCount of the log, and of the map
 * @param policy how riders and drivers are matched
 * @param checkpointMs between checkpoints of the sessions, by the region's own clock
 */
record CoreConfig(City city, int partitionCount, String policy, IngestConfig ingest, long checkpointMs) {
    RegionId region() {
        return new RegionId(city.name());
    }

    /** Who owns what in a log that has no map yet: a fair share each. */
    PartitionMap firstMap() {
        return Partitioner.balanced(city.region().routingCells(), city::demandWeight, partitionCount);
    }
}
