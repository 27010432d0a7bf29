package io.hailstorm.matching;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.TripId;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.agrona.collections.Long2ObjectHashMap;

/**
 * Every trip that is open or ended lately, who waits, which driver is engaged, and what runs out when. Changes only by
 * {@link #open} and {@link #apply}, on the live path and in recovery alike.
 *
 * <p>Bounds: the caller keeps open trips under {@code openTripCountMax}; ended ones leave after
 * {@code endedTripRetentionMs}, and then only their id and last state stay, for {@code endedTripCountMax} trips.
 */
final class TripBook {
    /** The order of the line: longest waiting first, then by trip. */
    record Place(long requestTimeMs, TripId trip) implements Comparable<Place> {
        private static final Comparator<Place> BY_REQUEST_TIME_THEN_TRIP =
                Comparator.comparingLong(Place::requestTimeMs).thenComparing(Place::trip);

        @Override
        public int compareTo(Place other) {
            return BY_REQUEST_TIME_THEN_TRIP.compare(this, other);
        }
    }

    /**
     * A moment to look at a trip again; void when the trip has moved on.
     *
     * @param offer the offer that runs out, or {@link #NO_OFFER} for the wait itself
     */
    record Deadline(long timeMs, TripId trip, long offer) {
        static final long NO_OFFER = 0;
        static final Comparator<Deadline> BY_TIME_THEN_TRIP_THEN_OFFER = Comparator.comparingLong(Deadline::timeMs)
                .thenComparing(Deadline::trip)
                .thenComparingLong(Deadline::offer);
    }

    private record Ended(long timeMs, TripId trip) {}

    private final MatchingConfig config;
    private final DriverIndex drivers;
    private final TreeMap<TripId, Trip> open = new TreeMap<>();
    private final TreeMap<Place, Trip> waiting = new TreeMap<>();
    private final TreeMap<TripId, Trip> engaged = new TreeMap<>();
    private final Long2ObjectHashMap<TripId> tripOfDriver = new Long2ObjectHashMap<>();
    private final PriorityQueue<Deadline> deadlines = new PriorityQueue<>(64, Deadline.BY_TIME_THEN_TRIP_THEN_OFFER);
    private final Map<TripId, Trip> ended = new HashMap<>();
    private final ArrayDeque<Ended> endedOrder = new ArrayDeque<>();
    private final LinkedHashMap<TripId, TripState.Kind> forgotten = new LinkedHashMap<>();
    private final EnumMap<TripState.Kind, Long> countOfKind = new EnumMap<>(TripState.Kind.class);
    private long lastOffer;

    TripBook(MatchingConfig config, DriverIndex drivers) {
        this.config = config;
        this.drivers = drivers;
    }

    /** A trip begins, as requested; its first event follows. */
    void open(TripCommand.RequestTrip request, long timeMs) {
        Trip trip = Trip.requested(request, timeMs);
        Invariants.require(kindOf(trip.id()).isEmpty(), "trip opened twice");
        open.put(trip.id(), trip);
        countOfKind.merge(trip.kind(), 1L, Long::sum);
    }

    /** Applies an event to its trip; false when the trip is unknown. */
    boolean apply(TripEvent event, long timeMs) {
        if (event instanceof TripEvent.CommandRefused) {
            return true;
        }
        Trip before = open.get(event.trip());
        if (before == null) {
            return false;
        }
        Trip after = before.after(event, timeMs);
        if (event instanceof TripEvent.OfferMade made) {
            lastOffer = Math.max(lastOffer, made.offer().value());
        }
        moveEngagement(before, after, timeMs);
        waiting.remove(new Place(before.requestTimeMs(), before.id()));
        countOfKind.merge(before.kind(), -1L, Long::sum);
        countOfKind.merge(after.kind(), 1L, Long::sum);
        if (after.kind().isEnded()) {
            open.remove(after.id());
            ended.put(after.id(), after);
            endedOrder.add(new Ended(timeMs, after.id()));
        } else {
            open.put(after.id(), after);
            schedule(after);
        }
        forgetEnded(timeMs);
        return true;
    }

    private void moveEngagement(Trip before, Trip after, long timeMs) {
        Optional<DriverId> driverBefore = before.engagedDriver();
        Optional<DriverId> driverAfter = after.engagedDriver();
        if (!driverBefore.equals(driverAfter)) {
            driverBefore.ifPresent(driver -> {
                tripOfDriver.remove(driver.value());
                drivers.release(driver.value(), timeMs);
            });
            driverAfter.ifPresent(driver -> {
                TripId other = tripOfDriver.put(driver.value(), after.id());
                Invariants.require(
                        other == null,
                        "driver %s has a live offer or trip already: has=%s, got=%s",
                        driver,
                        other,
                        after.id());
                drivers.engage(driver.value());
            });
        }
        if (driverAfter.isPresent()) {
            engaged.put(after.id(), after);
        } else {
            engaged.remove(after.id());
        }
    }

    private void schedule(Trip trip) {
        switch (trip.state()) {
            case TripState.Matching _ -> {
                waiting.put(new Place(trip.requestTimeMs(), trip.id()), trip);
                deadlines.add(new Deadline(
                        trip.matchingSinceMs() + config.saga().tripExpiryMs(), trip.id(), Deadline.NO_OFFER));
            }
            case TripState.Offered offered ->
                // An answer at the very deadline still counts, so the offer ends a millisecond later.
                deadlines.add(new Deadline(
                        offered.expireTimeMs() + 1, trip.id(), offered.offer().value()));
            case TripState.Requested _,
                    TripState.Accepted _,
                    TripState.Arrived _,
                    TripState.Started _,
                    TripState.Completed _,
                    TripState.Cancelled _,
                    TripState.Expired _ -> {}
        }
    }

    /** Drops ended trips past their retention; by event time, so that replay forgets what live forgot. */
    void forgetEnded(long nowMs) {
        while (!endedOrder.isEmpty()
                && endedOrder.getFirst().timeMs() + config.bounds().endedTripRetentionMs() < nowMs) {
            TripId id = endedOrder.removeFirst().trip();
            Trip trip = ended.remove(id);
            if (trip != null) {
                forgotten.put(id, trip.kind());
            }
        }
        while (forgotten.size() > config.bounds().endedTripCountMax()) {
            forgotten.pollFirstEntry();
        }
    }

    /** The next thing to run out at or before now, removed. */
    Optional<Deadline> pollDeadline(long nowMs) {
        Deadline first = deadlines.peek();
        if (first == null || first.timeMs() > nowMs) {
            return Optional.empty();
        }
        deadlines.remove();
        return Optional.of(first);
    }

    Optional<Trip> find(TripId id) {
        Trip trip = open.get(id);
        return Optional.ofNullable(trip != null ? trip : ended.get(id));
    }

    /** The state of a trip, also of one long ended. */
    Optional<TripState.Kind> kindOf(TripId id) {
        return find(id).map(Trip::kind).or(() -> Optional.ofNullable(forgotten.get(id)));
    }

    /** Trips waiting for a round, longest waiting first. */
    Collection<Trip> waiting() {
        return waiting.values();
    }

    /** Trips with a live offer or a bound driver, by id. */
    Collection<Trip> engaged() {
        return engaged.values();
    }

    Collection<Trip> open() {
        return open.values();
    }

    boolean isEngaged(long driver) {
        return tripOfDriver.containsKey(driver);
    }

    long nextOffer() {
        return lastOffer + 1;
    }

    long count(TripState.Kind kind) {
        return countOfKind.getOrDefault(kind, 0L);
    }

    /** Hash of the open trips and the offers' numbering. */
    long digest() {
        long hash = CounterRandom.mix(lastOffer);
        for (Trip trip : open.values()) {
            String text = trip.toString();
            for (int i = 0; i < text.length(); i++) {
                hash = CounterRandom.mix(hash ^ text.charAt(i));
            }
        }
        return hash;
    }
}
