package io.hailstorm.ingest;

/** What the edge asks of the rest of the node; all of it on the region agent's thread. */
public record IngestPorts(
        Quotes quotes,
        PickupPolicy pickupPolicy,
        NearbyDrivers nearbyDrivers,
        RangeAdmission rangeAdmission,
        PartitionServers servers) {}
