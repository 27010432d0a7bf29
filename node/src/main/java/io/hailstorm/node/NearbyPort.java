package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.ingest.NearbyDrivers;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.matching.DriverIndex;
import io.hailstorm.matching.Matcher;
import io.hailstorm.protocol.v1.NearbyDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Idle drivers near a point, from the matcher's index; places are those of cells. Region agent's thread. */
final class NearbyPort implements NearbyDrivers {
    private final Supplier<Matcher> current;
    private final long staleAfterMs;
    private final Cells cells = Cells.create();

    NearbyPort(Supplier<Matcher> current, long staleAfterMs) {
        this.current = current;
        this.staleAfterMs = staleAfterMs;
    }

    @Override
    public List<NearbyDriver> nearby(GeoPoint point, int radiusMeters, int maxResults, long nowMs) {
        Matcher matcher = current.get();
        DriverIndex index = matcher.drivers();
        int[] slots = new int[maxResults];
        int found = index.nearest(point.latE7(), point.lonE7(), radiusMeters, nowMs - staleAfterMs, slots);
        List<NearbyDriver> drivers = new ArrayList<>(found);
        for (int i = 0; i < found; i++) {
            long cell = index.cell(slots[i]);
            double meters =
                    GeoPoint.distanceMeters(point.latE7(), point.lonE7(), index.latE7(slots[i]), index.lonE7(slots[i]));
            drivers.add(NearbyDriver.newBuilder()
                    .setCell(Long.toHexString(cell))
                    .setCellCenter(EventCodec.point(cells.center(cell)))
                    .setDistanceMeters((int) Math.round(meters))
                    .setEtaMs(matcher.etas().pickupEtaMs(meters, cell, nowMs))
                    .build());
        }
        return drivers;
    }
}
