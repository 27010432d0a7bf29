package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.matching.TripState;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What became of the trips that were open at an instant, from the log alone.
 *
 * @param open at that instant
 * @param ended of these, afterwards
 * @param wentOn of these, not ended, but something happened to them afterwards
 * @param stuck of these, the rest, by name
 */
record TripContinuity(int open, int ended, int wentOn, List<String> stuck) {
    private static final class Trip {
        private boolean isOpenThen;
        private boolean isEnded;
        private boolean hasGoneOn;
    }

    /** @param instantMs by the clock of whoever decided */
    static TripContinuity of(List<? extends PartitionReader> trips, long instantMs) {
        Map<String, Trip> byName = new HashMap<>();
        for (PartitionReader partition : trips) {
            HistoryChecker.readAll(partition, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT) {
                    take(EventReader.read(buffer, index, length), instantMs, byName);
                }
                return true;
            });
        }
        int ended = 0;
        int wentOn = 0;
        int open = 0;
        List<String> stuck = new ArrayList<>();
        for (Map.Entry<String, Trip> entry : byName.entrySet()) {
            Trip trip = entry.getValue();
            if (!trip.isOpenThen) {
                continue;
            }
            open++;
            if (trip.isEnded) {
                ended++;
            } else if (trip.hasGoneOn) {
                wentOn++;
            } else {
                stuck.add(entry.getKey());
            }
        }
        return new TripContinuity(open, ended, wentOn, stuck);
    }

    private static void take(Event event, long instantMs, Map<String, Trip> byName) {
        TripState.Kind kind = kind(event);
        if (kind == null) {
            return;
        }
        Trip trip = byName.computeIfAbsent(event.getAggregateId(), unseen -> new Trip());
        if (event.getTimeMs() <= instantMs) {
            trip.isOpenThen = !kind.isEnded();
        } else {
            trip.hasGoneOn = true;
        }
        trip.isEnded = kind.isEnded();
    }

    /** Where an event brings its trip; null for what is only asked for, or about no trip. */
    private static TripState.@Nullable Kind kind(Event event) {
        return switch (event.getPayloadCase()) {
            case MATCHING_STARTED, OFFER_ENDED -> TripState.Kind.MATCHING;
            case OFFER_MADE -> TripState.Kind.OFFERED;
            case TRIP_ACCEPTED -> TripState.Kind.ACCEPTED;
            case DRIVER_ARRIVED -> TripState.Kind.ARRIVED;
            case TRIP_STARTED -> TripState.Kind.STARTED;
            case TRIP_COMPLETED -> TripState.Kind.COMPLETED;
            case TRIP_CANCELLED -> TripState.Kind.CANCELLED;
            case TRIP_EXPIRED -> TripState.Kind.EXPIRED;
            default -> null;
        };
    }
}
