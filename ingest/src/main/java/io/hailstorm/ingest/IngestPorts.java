package io.hailstorm.ingest;

import io.hailstorm.kernel.Safeguards;

/** What the edge asks of the rest of the node; all of it on the region agent's thread. */
public record IngestPorts(
        Quotes quotes,
        PickupPolicy pickupPolicy,
        NearbyDrivers nearbyDrivers,
        RangeAdmission rangeAdmission,
        PartitionServers servers,
        Safeguards safeguards) {

    /** With every protection in force. */
    public IngestPorts(
            Quotes quotes,
            PickupPolicy pickupPolicy,
            NearbyDrivers nearbyDrivers,
            RangeAdmission rangeAdmission,
            PartitionServers servers) {
        this(quotes, pickupPolicy, nearbyDrivers, rangeAdmission, servers, Safeguards.ALL);
    }
}
