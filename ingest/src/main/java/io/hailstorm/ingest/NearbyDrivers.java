package io.hailstorm.ingest;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.protocol.v1.NearbyDriver;
import java.util.List;

/** Port to the driver index: idle drivers near a point, nearest first. Called on the region agent's thread only. */
@FunctionalInterface
public interface NearbyDrivers {
    List<NearbyDriver> nearby(GeoPoint point, int radiusMeters, int maxResults, long nowMs);
}
