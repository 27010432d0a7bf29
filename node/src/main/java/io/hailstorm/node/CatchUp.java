package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.Log;
import io.hailstorm.protocol.v1.Event;
import java.util.HashSet;
import java.util.Set;

/**
 * Whether a region that comes to own a partition has read enough to serve it: all of the partitions that it owns, since within one node
 * drivers pass between them; of the first one also what its predecessor decided, and whom about. Region agent's thread.
 */
final class CatchUp {
    /** For a request that some decision is about, and that may have been lost with its log, or trimmed from it. */
    static final long REQUESTS_WAIT_MS = 10_000;

    private final Log log;
    private final ServedPartitions served;
    private final RangeOwnership ranges;
    private final long[] fixesOffsets;
    private final long[] lateOffsets;
    private final long[] tripsOffsets;
    /** Trips requested and not over, and those decided about whose request was not read yet. */
    private final Set<String> requested = new HashSet<>();

    private final Set<String> unrequested = new HashSet<>();
    private long waitingSinceMs = -1;

    /** @param fixesOffsets the next record to be read of each partition, as are the others; the caller goes on changing them */
    CatchUp(
            Log log,
            ServedPartitions served,
            RangeOwnership ranges,
            long[] fixesOffsets,
            long[] lateOffsets,
            long[] tripsOffsets) {
        this.log = log;
        this.served = served;
        this.ranges = ranges;
        this.fixesOffsets = fixesOffsets;
        this.lateOffsets = lateOffsets;
        this.tripsOffsets = tripsOffsets;
    }

    /** An event of {@code trips}, of whatever partition. */
    void onTrip(Event event) {
        if (!served.isShared()) {
            return;
        }
        switch (event.getPayloadCase()) {
            case TRIP_REQUESTED -> {
                requested.add(event.getTripRequested().getTrip());
                unrequested.remove(event.getTripRequested().getTrip());
            }
            case MATCHING_STARTED -> {
                String trip = event.getMatchingStarted().getTrip();
                if (!requested.contains(trip)) {
                    unrequested.add(trip);
                }
            }
            case TRIP_COMPLETED -> over(event.getTripCompleted().getTrip());
            case TRIP_CANCELLED -> over(event.getTripCancelled().getTrip());
            case TRIP_EXPIRED -> over(event.getTripExpired().getTrip());
            default -> {}
        }
    }

    private void over(String trip) {
        requested.remove(trip);
        unrequested.remove(trip);
    }

    /** Whether everything that this node owns was read. */
    boolean isDone(long pricesOffset) {
        for (int partition = 0; partition < fixesOffsets.length; partition++) {
            boolean behind = log.owns(partition)
                    && !served.serves(partition)
                    && (isBehind(StreamName.FIXES, partition, fixesOffsets[partition])
                            || isBehind(StreamName.LATE, partition, lateOffsets[partition])
                            || isBehind(StreamName.TRIPS, partition, tripsOffsets[partition])
                            || (partition == 0 && isBehind(StreamName.PRICES, 0, pricesOffset)));
            if (behind) {
                return false;
            }
        }
        return ranges.isCaughtUp();
    }

    private boolean isBehind(StreamName stream, int partition, long offset) {
        return offset < log.partition(stream, partition).durableOffset();
    }

    /**
     * Whether every request that some decision is about was read, or none came for {@value #REQUESTS_WAIT_MS} ms. A request decided before
     * it is read would be decided twice.
     */
    boolean knowsRequests(long nowMs) {
        if (unrequested.isEmpty()) {
            waitingSinceMs = -1;
            return true;
        }
        if (waitingSinceMs < 0) {
            waitingSinceMs = nowMs;
        }
        return nowMs - waitingSinceMs >= REQUESTS_WAIT_MS;
    }
}
