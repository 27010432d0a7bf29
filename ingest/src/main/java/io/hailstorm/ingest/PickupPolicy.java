package io.hailstorm.ingest;

import io.hailstorm.kernel.GeoPoint;

/** Port to the geofences: where riders may be picked up. Called on the region agent's thread only. */
@FunctionalInterface
public interface PickupPolicy {
    Verdict check(GeoPoint pickup);

    enum Verdict {
        ALLOWED,
        OUTSIDE_SERVICE_AREA,
        NO_PICKUP_ZONE
    }
}
