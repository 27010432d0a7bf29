package io.hailstorm.geo;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.Invariants;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Drivers waiting at an airport, first in, first out. A driver joins at the first idle fix inside the fence
 * and keeps its place through GPS noise: it leaves only after {@code leaveAfterFixCount} fixes in a row
 * outside, or one farther out than {@code leaveBeyondMeters}, or when it stops being idle (an offer taken, end
 * of shift). A driver that left and returns goes to the end.
 *
 * <p>A fold over each driver's fixes in their order; no clock. Single-threaded.
 */
public final class AirportQueue {
    public static final int DEFAULT_LEAVE_AFTER_FIX_COUNT = 3;
    public static final double DEFAULT_LEAVE_BEYOND_METERS = 200;

    /** What a fix did to the driver's place. */
    public enum Change {
        NONE,
        JOINED,
        LEFT
    }

    private final Geofence fence;
    private final int leaveAfterFixCount;
    private final double leaveBeyondMeters;
    /** Waiting drivers in order of arrival → fixes in a row outside. */
    private final Map<DriverId, Integer> outsideFixCounts = new LinkedHashMap<>();

    public AirportQueue(Geofence fence) {
        this(fence, DEFAULT_LEAVE_AFTER_FIX_COUNT, DEFAULT_LEAVE_BEYOND_METERS);
    }

    public AirportQueue(Geofence fence, int leaveAfterFixCount, double leaveBeyondMeters) {
        Invariants.require(leaveAfterFixCount >= 1, "leaveAfterFixCount is at least 1");
        Invariants.require(leaveBeyondMeters >= 0, "leaveBeyondMeters is not negative");
        this.fence = fence;
        this.leaveAfterFixCount = leaveAfterFixCount;
        this.leaveBeyondMeters = leaveBeyondMeters;
    }

    public String name() {
        return fence.name();
    }

    /** Takes the driver's next accepted fix. */
    public Change observe(DriverId driver, GeoPoint point, boolean idle) {
        if (!idle) {
            return remove(driver) ? Change.LEFT : Change.NONE;
        }
        Integer outsideFixCount = outsideFixCounts.get(driver);
        if (fence.contains(point)) {
            outsideFixCounts.put(driver, 0);
            return outsideFixCount == null ? Change.JOINED : Change.NONE;
        }
        if (outsideFixCount == null) {
            return Change.NONE;
        }
        if (outsideFixCount + 1 >= leaveAfterFixCount || fence.metersOutside(point) > leaveBeyondMeters) {
            outsideFixCounts.remove(driver);
            return Change.LEFT;
        }
        outsideFixCounts.put(driver, outsideFixCount + 1);
        return Change.NONE;
    }

    /** Takes a driver out of the line; false when it was not in it. */
    public boolean remove(DriverId driver) {
        return outsideFixCounts.remove(driver) != null;
    }

    /** Whose turn it is. */
    public Optional<DriverId> head() {
        return outsideFixCounts.keySet().stream().findFirst();
    }

    /** Zero-based place in the line, -1 when not in it. */
    public int positionIndex(DriverId driver) {
        return new ArrayList<>(outsideFixCounts.keySet()).indexOf(driver);
    }

    /** First to last. */
    public List<DriverId> waiting() {
        return List.copyOf(outsideFixCounts.keySet());
    }

    public int size() {
        return outsideFixCounts.size();
    }
}
