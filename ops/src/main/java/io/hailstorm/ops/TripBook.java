package io.hailstorm.ops;

import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.TripRequested;
import io.hailstorm.protocol.v1.TripState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Open trips and the ones that ended last, each with its timeline. One thread at a time. Bounded: {@link #OPEN_MAX}
 * open and {@link #ENDED_MAX} ended trips, the oldest leave first; {@link #MOMENT_MAX} moments a trip, later ones but
 * the ending are counted and left out.
 */
final class TripBook {
    static final int OPEN_MAX = 50_000;
    static final int ENDED_MAX = 5_000;
    static final int MOMENT_MAX = 64;
    /** No driver is assigned. */
    static final long NO_DRIVER = 0;

    private final LinkedHashMap<String, Entry> open = new LinkedHashMap<>();
    private final LinkedHashMap<String, Entry> ended = new LinkedHashMap<>();

    /** One thing that happened to a trip. */
    record Moment(String what, TripState state, long timeMs, long sinceRequestMs, long driver, String detail) {}

    /** A trip as the list shows it. */
    record TripLine(
            String trip,
            TripState state,
            long rider,
            long driver,
            long requestTimeMs,
            long lastTimeMs,
            long waitMs,
            int offerCount,
            Point pickup,
            Point dropoff,
            long fareMinorUnits,
            int multiplierMilli) {}

    /** A trip with all that happened to it. */
    record TripTimeline(TripLine line, List<Moment> moments, int momentsLeftOut) {}

    private static final class Entry {
        final TripRequested request;
        final long requestTimeMs;
        final List<Moment> moments = new ArrayList<>();
        TripState state = TripState.REQUESTED;
        long driver = NO_DRIVER;
        long lastTimeMs;
        long waitMs = -1;
        int offerCount;
        int leftOutCount;

        Entry(TripRequested request, long timeMs) {
            this.request = request;
            requestTimeMs = timeMs;
            lastTimeMs = timeMs;
        }

        TripLine line() {
            return new TripLine(
                    request.getTrip(),
                    state,
                    request.getRider(),
                    driver,
                    requestTimeMs,
                    lastTimeMs,
                    waitMs,
                    offerCount,
                    request.getPickup(),
                    request.getDropoff(),
                    request.getFareMinorUnits(),
                    request.getMultiplierMilli());
        }
    }

    /** False when the trip is known already: a retried request asks nothing twice. */
    boolean onRequested(TripRequested request, long timeMs) {
        if (open.containsKey(request.getTrip()) || ended.containsKey(request.getTrip())) {
            return false;
        }
        if (open.size() == OPEN_MAX) {
            open.pollFirstEntry();
        }
        Entry entry = new Entry(request, timeMs);
        open.put(request.getTrip(), entry);
        note(entry, "requested", timeMs, NO_DRIVER, kilometers(request.getTripDistanceMeters()));
        return true;
    }

    private static String kilometers(int meters) {
        return meters == 0 ? "" : String.format(Locale.ROOT, "%.1f km", meters / 1e3);
    }

    /** Something that leaves the state as it is. */
    void onNoted(String trip, String what, long timeMs, long driver, String detail) {
        Entry entry = find(trip);
        if (entry != null) {
            note(entry, what, timeMs, driver, detail);
        }
    }

    void onOffered(String trip, long timeMs, long driver, String detail) {
        Entry entry = find(trip);
        if (entry != null) {
            entry.offerCount++;
            move(entry, TripState.OFFERED, "offered", timeMs, driver, detail);
        }
    }

    /** An offer came to nothing: the trip waits for a driver again, unless it has moved on. */
    void onOfferEnded(String trip, long timeMs, long driver, String detail) {
        Entry entry = find(trip);
        if (entry == null) {
            return;
        }
        boolean stillOffered = entry.state == TripState.OFFERED;
        note(entry, "offer ended", timeMs, driver, detail);
        if (stillOffered) {
            entry.state = TripState.MATCHING;
            entry.driver = NO_DRIVER;
        }
    }

    /**
     * Moves a trip to a state.
     *
     * @param driver {@link #NO_DRIVER} where none is assigned
     * @return wait from request to arrival when this is the first arrival, else -1
     */
    long onMoved(String trip, TripState state, String what, long timeMs, long driver, String detail) {
        Entry entry = find(trip);
        if (entry == null) {
            return -1;
        }
        boolean arrives = state == TripState.ARRIVED && entry.waitMs < 0;
        if (arrives) {
            entry.waitMs = Math.max(0, timeMs - entry.requestTimeMs);
        }
        move(entry, state, what, timeMs, driver, detail);
        if (hasEnded(state) && open.remove(trip) != null) {
            if (ended.size() == ENDED_MAX) {
                ended.pollFirstEntry();
            }
            ended.put(trip, entry);
        }
        return arrives ? entry.waitMs : -1;
    }

    private static void move(Entry entry, TripState state, String what, long timeMs, long driver, String detail) {
        entry.state = state;
        entry.driver = hasEnded(state) && driver == NO_DRIVER ? entry.driver : driver;
        note(entry, what, timeMs, driver, detail);
    }

    private static void note(Entry entry, String what, long timeMs, long driver, String detail) {
        entry.lastTimeMs = Math.max(entry.lastTimeMs, timeMs);
        if (entry.moments.size() >= MOMENT_MAX && !hasEnded(entry.state)) {
            entry.leftOutCount++;
            return;
        }
        entry.moments.add(new Moment(what, entry.state, timeMs, timeMs - entry.requestTimeMs, driver, detail));
    }

    static boolean hasEnded(TripState state) {
        return state == TripState.COMPLETED || state == TripState.CANCELLED || state == TripState.EXPIRED;
    }

    private @Nullable Entry find(String trip) {
        Entry entry = open.get(trip);
        return entry != null ? entry : ended.get(trip);
    }

    int openCount() {
        return open.size();
    }

    /** Open trips by state; states without any are left out. */
    Map<TripState, Integer> openByState() {
        Map<TripState, Integer> counts = new java.util.EnumMap<>(TripState.class);
        open.values().forEach(entry -> counts.merge(entry.state, 1, Integer::sum));
        return counts;
    }

    /** Trips that pass, the ones that changed last first; looks at the newest of each kind only. */
    List<TripLine> recent(TripFilter filter, int limit) {
        return Stream.concat(open.sequencedValues().reversed().stream(), ended.sequencedValues().reversed().stream())
                .filter(entry -> filter.passes(entry.state))
                .sorted(Comparator.comparingLong((Entry entry) -> entry.lastTimeMs)
                        .reversed()
                        .thenComparing(entry -> entry.request.getTrip()))
                .limit(limit)
                .map(Entry::line)
                .toList();
    }

    Optional<TripTimeline> timeline(String trip) {
        return Optional.ofNullable(find(trip))
                .map(entry -> new TripTimeline(entry.line(), List.copyOf(entry.moments), entry.leftOutCount));
    }

    /** Which trips a list is asked for. */
    @FunctionalInterface
    interface TripFilter {
        boolean passes(TripState state);
    }
}
