package io.hailstorm.matching;

import io.hailstorm.kernel.GeoPoint;

/** Where riders may be picked up: service areas and no-pickup zones, as the node's geofences know them. */
@FunctionalInterface
public interface PickupRule {
    boolean pickupAllowed(GeoPoint pickup);

    /** No geofences. */
    static PickupRule everywhere() {
        return pickup -> true;
    }
}
