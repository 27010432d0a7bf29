package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import java.util.Arrays;

/**
 * Finds available drivers around a point by expanding H3 grid disks; with few drivers available at all, by looking at
 * each. The set found does not depend on the order inside a cell. Scratch space inside: one thread, no allocation once
 * grown.
 */
final class RingSearch {
    /**
     * What a step outward adds to the distance at least. Resolution-9 hexagons have edges of 157 m and more, and centres
     * at grid distance d are at least 1.5 edges × d apart; two points are nearer than their centres by at most 2 edges.
     */
    private static final double RING_METERS_MIN = 210;

    private static final double CENTER_METERS_MAX = 450;
    private static final int RING_COUNT_MAX = 48;
    /** Up to this many drivers, looking at each is cheaper than walking empty cells. */
    private static final int SCAN_COUNT_MAX = 256;

    private static final double METERS_PER_E7 = 6_371_008.8 * Math.PI / 180.0 / 1e7;
    private static final long FULL_TURN_E7 = 3_600_000_000L;

    private final Cells cells;
    private final long[] disk = new long[3 * RING_COUNT_MAX * (RING_COUNT_MAX + 1) + 1];
    int[] slots = new int[256];
    double[] meters = new double[256];
    /** Whether the last {@link #collect} saw everybody within its distance. */
    boolean complete;

    private int count;
    private DriverOrder order = new DriverOrder();

    RingSearch(Cells cells) {
        this.cells = cells;
    }

    /**
     * Collects into {@link #slots} and {@link #meters}: every available driver of the disk at which {@code enough} were
     * found, or all within {@code metersMax}, or within {@link #RING_COUNT_MAX} rings.
     *
     * @return how many
     */
    int collect(DriverIndex drivers, int latE7, int lonE7, int enough, double metersMax, long activeSinceMs) {
        count = 0;
        complete = true;
        double metersPerLonE7 = METERS_PER_E7 * Math.cos(Math.toRadians(latE7 / 1e7));
        if (drivers.availableCount() <= SCAN_COUNT_MAX) {
            for (int i = 0; i < drivers.availableCount(); i++) {
                consider(drivers, drivers.availableSlot(i), latE7, lonE7, metersPerLonE7, metersMax, activeSinceMs);
            }
            return count;
        }
        long center = cells.cellOf(latE7, lonE7, Cells.DRIVER_RESOLUTION);
        if (center == Cells.NULL_CELL) {
            return 0;
        }
        int seenCount = 0;
        for (int k = 2; ; k = Math.min(RING_COUNT_MAX, k + Math.max(2, k / 2))) {
            int cellCount = cells.gridDisk(center, k, disk);
            for (int i = seenCount; i < cellCount; i++) {
                for (int slot = drivers.firstOfCell(disk[i]);
                        slot != DriverIndex.NULL_SLOT;
                        slot = drivers.nextOfCell(slot)) {
                    consider(drivers, slot, latE7, lonE7, metersPerLonE7, metersMax, activeSinceMs);
                }
            }
            seenCount = cellCount;
            boolean rest = RING_METERS_MIN * (k + 1) - CENTER_METERS_MAX <= metersMax;
            if (count >= enough || !rest || k == RING_COUNT_MAX) {
                complete = !rest;
                return count;
            }
        }
    }

    private void consider(
            DriverIndex drivers,
            int slot,
            int latE7,
            int lonE7,
            double metersPerLonE7,
            double metersMax,
            long activeSinceMs) {
        if (drivers.activeMs(slot) < activeSinceMs) {
            return;
        }
        // Flat-earth distance: within 0.1 % of the great circle at pickup ranges, and five times cheaper.
        double north = ((long) drivers.latE7(slot) - latE7) * METERS_PER_E7;
        long eastE7 = (long) drivers.lonE7(slot) - lonE7;
        if (eastE7 > FULL_TURN_E7 / 2) {
            eastE7 -= FULL_TURN_E7;
        } else if (eastE7 < -FULL_TURN_E7 / 2) {
            eastE7 += FULL_TURN_E7;
        }
        double east = eastE7 * metersPerLonE7;
        double distance = Math.sqrt(north * north + east * east);
        if (distance > metersMax) {
            return;
        }
        if (count == slots.length) {
            slots = Arrays.copyOf(slots, 2 * count);
            meters = Arrays.copyOf(meters, 2 * count);
        }
        slots[count] = slot;
        meters[count++] = distance;
    }

    int nearest(DriverIndex drivers, int latE7, int lonE7, double radiusMeters, long activeSinceMs, int[] slotsOut) {
        int found = collect(drivers, latE7, lonE7, 2 * slotsOut.length, radiusMeters, activeSinceMs);
        if (order.capacity() < slotsOut.length) {
            order = new DriverOrder(slotsOut.length);
        }
        order.reset(slotsOut.length);
        for (int i = 0; i < found; i++) {
            order.offer((int) meters[i], drivers.driver(slots[i]), i);
        }
        for (int i = 0; i < order.count(); i++) {
            slotsOut[i] = slots[order.item(i)];
        }
        return order.count();
    }
}
