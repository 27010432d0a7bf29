package io.hailstorm.ingest;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.GeoPoint;

/**
 * Which partition's log a driver's fix goes to: the partition with authority over the driver, which follows the
 * driver's cell with hysteresis. Each change of authority raises the driver epoch {@code de}. Within a node the change
 * waits until nothing of the driver is undurable, so that the records before it survive whatever the ones after it survive.
 *
 * <table>
 * <caption>How authority moves</caption>
 * <tr><th>the fix's cell belongs to</th><th>then</th></tr>
 * <tr><td>any partition, no owner yet</td><td>that partition owns the driver, de 1</td></tr>
 * <tr><td>the owner</td><td>stay, forget the foreign run</td></tr>
 * <tr><td>another, fewer than 3 fixes in a row and within 200 m</td><td>stay</td></tr>
 * <tr><td>another, longer or farther</td><td>move, de + 1</td></tr>
 * <tr><td>another, because the map moved the driver's cell</td><td>move at once, de + 1</td></tr>
 * </table>
 *
 * <p>Where the partition to move to is served by another node, the driver is handed over ({@link HandOvers}); where nobody
 * serves it just now, the driver stays. It is handed over, too, where this node serves both partitions and is not the only one of its
 * log: another node may come to serve the one without having read the other.
 */
final class DriverAuthority {
    static final int HYSTERESIS_FIXES = 3;
    static final double HYSTERESIS_METERS = 200;
    /** The change is due, but records of the driver are not durable yet: hold the fix and ask again. */
    static final int WAIT = -2;
    /** Authority belongs with {@link DriverSession#awayPartition}, which another node serves: hold the fix, hand over. */
    static final int AWAY = -3;

    /** As {@link #AWAY}, but this node serves that partition, too: the driver stays connected. */
    static final int PASS = -4;

    private DriverAuthority() {}

    /** Partition of a cell under the map, by the driver's last answer where the cell is the same. */
    static int partitionOf(DriverSession session, PartitionMap map, long cell) {
        if (session.mapEpoch == map.epoch() && session.anchored && session.cell == cell) {
            return session.cellPartition;
        }
        return cell == Cells.NULL_CELL ? PartitionMap.NO_PARTITION : map.partitionOf(cell);
    }

    /**
     * The owner for an acceptable fix in a cell of {@code cellPartition}, {@link #WAIT}, {@link #AWAY} or {@link #PASS}. Asking twice about
     * the same fix is harmless only after one of these.
     */
    static int route(
            DriverSession session,
            PartitionMap map,
            PartitionServers servers,
            int cellPartition,
            int latE7,
            int lonE7) {
        if (session.owner == DriverSession.NO_OWNER) {
            if (!servers.serves(cellPartition)) {
                session.awayPartition = cellPartition;
                return servers.endpoint(cellPartition).isEmpty() ? WAIT : AWAY;
            }
            if (session.pendingCount > 0 && !servers.isAlone()) {
                return WAIT; // late fixes, perhaps in another partition
            }
            session.moveTo(cellPartition, session.de + 1);
            return cellPartition;
        }
        int due = due(session, map, cellPartition, latE7, lonE7);
        if (due == session.owner) {
            return due;
        }
        boolean here = servers.serves(due);
        if (!here && servers.endpoint(due).isEmpty()) {
            return session.owner;
        }
        if (!here) {
            session.awayPartition = due;
            return AWAY;
        }
        if (!servers.isAlone()) {
            session.awayPartition = due;
            return PASS;
        }
        if (session.pendingCount > 0) {
            return WAIT;
        }
        session.moveTo(due, session.de + 1);
        return due;
    }

    private static int due(DriverSession session, PartitionMap map, int cellPartition, int latE7, int lonE7) {
        if (cellPartition == session.owner) {
            session.foreignCount = 0;
            return cellPartition;
        }
        if (isMovedByMap(session, map)) {
            return cellPartition;
        }
        // Counted from leaving the owner's ground, whoever owns the ground since: ranges may change hands meanwhile.
        if (session.foreignCount == 0) {
            session.foreignLatE7 = latE7;
            session.foreignLonE7 = lonE7;
        }
        boolean far = session.foreignCount > 0
                && GeoPoint.distanceMeters(session.foreignLatE7, session.foreignLonE7, latE7, lonE7)
                        >= HYSTERESIS_METERS;
        if (session.foreignCount + 1 >= HYSTERESIS_FIXES || far) {
            return cellPartition;
        }
        session.foreignCount++;
        return session.owner;
    }

    /** Whether the cell of the driver's last fix was the owner's, and the map has moved it since. */
    static boolean isMovedByMap(DriverSession session, PartitionMap map) {
        if (session.mapEpoch == map.epoch() || session.cellPartition != session.owner || !session.anchored) {
            return false;
        }
        int movedTo = map.partitionOf(session.cell);
        return movedTo != session.owner && movedTo != PartitionMap.NO_PARTITION;
    }
}
