package io.hailstorm.simulator;

import io.grpc.Status;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.agrona.collections.Int2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Riders: each appears once, asks for a quote, looks at the price, asks for a trip and watches it, and cancels when
 * patience runs out. A call without an answer is repeated under the same request id, at another server when
 * there is one. One owner thread.
 */
final class Riders {
    static final long CALL_TIMEOUT_MS = 30_000;
    static final int ATTEMPTS_MAX = 5;
    /** A rider without a driver gives up after 4 to 8 minutes. */
    static final long PATIENCE_MIN_MS = 240_000;

    private static final long PATIENCE_SPREAD_MS = 240_000;
    private static final double WHIM_PROBABILITY = 0.02;
    private static final long WHIM_MAX_MS = 180_000;
    private static final long BACKOFF_MS = 1_000;
    /** Before a call is made at a server that was not asked yet. */
    private static final long SWITCH_MS = 100;
    /** Share of riders who still ask falls by e with every so much on the multiplier, in thousandths. */
    private static final double PRICE_ELASTICITY_MILLI = 1_000;

    private static final int MULTIPLIER_ONE_MILLI = 1_000;
    private static final int STREAM_PRICE = 41;
    private static final int STREAM_PATIENCE = 42;
    private static final int STREAM_WHIM = 43;

    private enum Stage {
        QUOTING,
        REQUESTING,
        WATCHING
    }

    private static final class Rider {
        final int number;
        final GeoPoint pickup;
        final GeoPoint dropoff;
        int endpoint;
        Stage stage = Stage.QUOTING;
        /** Names the current call; grows for good. */
        int attempt;
        /** Attempts at the current stage. */
        int tries;

        long retryDueMs;
        boolean calling;

        @Nullable
        Quote quote;

        @Nullable
        String trip;

        RiderNetwork.@Nullable Watch watch;
        int watchCount;
        boolean matched;
        boolean arrived;
        boolean cancelling;
        boolean whim;
        long requestMs;
        long requestNs;

        Rider(int number, int endpoint, GeoPoint pickup, GeoPoint dropoff) {
            this.number = number;
            this.endpoint = endpoint;
            this.pickup = pickup;
            this.dropoff = dropoff;
        }
    }

    private final Demand demand;
    private final RiderNetwork network;
    private final CalendarQueue calendar;
    private final ClientLedger ledger;
    private final TripBook book;
    private final TimeSource time;
    private final Histogram waitMs;
    private final long seed;
    private final long firstRiderId;
    /** Sets this run's requests apart from those of an earlier run against the same server. */
    private final String requestPrefix;

    private final Int2ObjectHashMap<Rider> riders = new Int2ObjectHashMap<>();
    private int nextNumber;
    private boolean exhausted;
    private boolean finishing;

    long requested;
    long matched;
    long completed;
    long cancelled;
    long expired;
    long priceDeclined;
    long failed;
    long endpointSwitches;
    int outstandingCalls;

    @Nullable
    Status lastFailure;

    Riders(
            Demand demand,
            RiderNetwork network,
            CalendarQueue calendar,
            ClientLedger ledger,
            TripBook book,
            TimeSource time,
            Histogram waitMs,
            SimulationConfig config,
            long startMs) {
        this.demand = demand;
        this.network = network;
        this.calendar = calendar;
        this.ledger = ledger;
        this.book = book;
        this.time = time;
        this.waitMs = waitMs;
        this.seed = config.seed();
        this.firstRiderId = config.firstRiderId();
        requestPrefix = Long.toHexString(CounterRandom.mix(CounterRandom.mix(startMs) ^ config.firstSession())) + "-";
        scheduleNext(startMs);
    }

    long openTrips() {
        return requested - completed - cancelled - expired;
    }

    boolean isExhausted() {
        return exhausted;
    }

    void finish() {
        finishing = true;
    }

    /** Stops watching. */
    void close() {
        for (Map.Entry<Integer, Rider> entry : riders.entrySet()) {
            Rider rider = entry.getValue();
            if (rider.watch != null) {
                rider.watch.cancel();
            }
        }
        riders.clear();
    }

    // ---- due events

    void onDemand(long nowMs) {
        if (finishing) {
            return;
        }
        int number = nextNumber++;
        Rider rider = new Rider(number, network.firstEndpoint(number), demand.pickup(number), demand.dropoff(number));
        riders.put(number, rider);
        call(rider, nowMs);
        scheduleNext(nowMs);
    }

    private void scheduleNext(long nowMs) {
        long atMs = demand.timeMs(nextNumber, nowMs);
        if (atMs == Demand.NEVER) {
            exhausted = true;
        } else {
            calendar.schedule(atMs, EventKind.DEMAND.event(0));
        }
    }

    private void call(Rider rider, long nowMs) {
        rider.attempt++;
        rider.tries++;
        rider.calling = true;
        outstandingCalls++;
        retryAfter(rider, CALL_TIMEOUT_MS, nowMs);
        long riderId = firstRiderId + rider.number;
        Quote quote = rider.quote;
        if (rider.stage == Stage.QUOTING || quote == null) {
            network.getQuote(rider.endpoint, rider.number, riderId, rider.attempt, rider.pickup, rider.dropoff);
        } else {
            if (rider.requestMs == 0) {
                rider.requestMs = nowMs;
                rider.requestNs = time.monotonicNs();
            }
            network.requestTrip(
                    rider.endpoint, rider.number, riderId, rider.attempt, requestPrefix + rider.number, quote);
        }
    }

    private void retryAfter(Rider rider, long delayMs, long nowMs) {
        rider.retryDueMs = nowMs + delayMs;
        calendar.schedule(rider.retryDueMs, EventKind.RIDER_RETRY.event(rider.number));
    }

    void onRetry(int number, long nowMs) {
        Rider rider = riders.get(number);
        if (rider == null || rider.stage == Stage.WATCHING || rider.retryDueMs != nowMs || finishing) {
            return;
        }
        if (rider.calling) {
            rider.calling = false;
            outstandingCalls--;
            goOn(rider, Status.DEADLINE_EXCEEDED);
        }
        if (rider.tries >= ATTEMPTS_MAX) {
            failed++;
            riders.remove(number);
        } else {
            call(rider, nowMs);
        }
    }

    void onCancelDue(int number) {
        Rider rider = riders.get(number);
        if (rider == null || rider.trip == null || rider.cancelling || finishing) {
            return;
        }
        if (rider.whim ? !rider.arrived : !rider.matched) {
            rider.cancelling = true;
            outstandingCalls++;
            network.cancelTrip(rider.endpoint, number, firstRiderId + number, rider.trip);
        }
    }

    void onWatchDue(int number) {
        Rider rider = riders.get(number);
        if (rider != null && rider.trip != null && rider.watch == null && !finishing) {
            rider.watch =
                    network.watchTrip(rider.endpoint, number, firstRiderId + number, ++rider.watchCount, rider.trip);
        }
    }

    // ---- answers

    void onQuote(Inbox.QuoteAnswered answer, long nowMs) {
        Rider rider = answered(answer.rider(), answer.attempt());
        if (rider == null || rider.stage != Stage.QUOTING) {
            return;
        }
        double surge = Math.max(0, answer.quote().getMultiplierMilli() - MULTIPLIER_ONE_MILLI);
        double stays = StrictMath.exp(-surge / PRICE_ELASTICITY_MILLI);
        if (demand.isPriceSensitive() && CounterRandom.uniform(seed, rider.number, 0, STREAM_PRICE) >= stays) {
            priceDeclined++;
            riders.remove(rider.number);
            return;
        }
        if (finishing) {
            riders.remove(rider.number);
            return;
        }
        rider.quote = answer.quote();
        rider.stage = Stage.REQUESTING;
        rider.tries = 0;
        call(rider, nowMs);
    }

    void onTrip(Inbox.TripAnswered answer, long nowMs) {
        Rider rider = answered(answer.rider(), answer.attempt());
        if (rider == null || rider.stage != Stage.REQUESTING) {
            return;
        }
        String trip = answer.trip().getTrip();
        requested++;
        rider.trip = trip;
        rider.stage = Stage.WATCHING;
        rider.tries = 0;
        rider.quote = null;
        book.requested(trip, rider.requestNs);
        ledger.trip(trip, ClientLedger.TripEnd.OPEN);
        rider.watch =
                network.watchTrip(rider.endpoint, rider.number, firstRiderId + rider.number, ++rider.watchCount, trip);
        rider.whim = CounterRandom.uniform(seed, rider.number, 0, STREAM_WHIM) < WHIM_PROBABILITY;
        double draw = CounterRandom.uniform(seed, rider.number, 0, STREAM_PATIENCE);
        long cancelMs = rider.whim ? (long) (draw * WHIM_MAX_MS) : PATIENCE_MIN_MS + (long) (draw * PATIENCE_SPREAD_MS);
        calendar.schedule(nowMs + cancelMs, EventKind.RIDER_CANCEL.event(rider.number));
    }

    void onCallFailed(Inbox.CallFailed failure, long nowMs) {
        Rider rider = answered(failure.rider(), failure.attempt());
        if (rider == null) {
            return;
        }
        lastFailure = failure.status();
        if (isWorthRetrying(failure.status()) && rider.tries < ATTEMPTS_MAX) {
            boolean untried = goOn(rider, failure.status()) && rider.tries < network.endpointCount();
            retryAfter(rider, untried ? SWITCH_MS : BACKOFF_MS << rider.tries, nowMs);
        } else {
            failed++;
            riders.remove(rider.number);
        }
    }

    /** To the next server, when the failure is one that another may not have. */
    private boolean goOn(Rider rider, Status failure) {
        if (network.endpointCount() == 1 || !Endpoints.isWorthTryingElsewhere(failure)) {
            return false;
        }
        rider.endpoint = network.nextEndpoint(rider.endpoint);
        endpointSwitches++;
        return true;
    }

    void onCancelAnswered(Inbox.CancelAnswered answer, long nowMs) {
        outstandingCalls--;
        Rider rider = riders.get(answer.rider());
        if (rider != null && !answer.status().isOk()) {
            rider.cancelling = false; // it stays with the trip
            if (goOn(rider, answer.status()) && rider.tries++ < ATTEMPTS_MAX) {
                calendar.schedule(nowMs + BACKOFF_MS, EventKind.RIDER_CANCEL.event(rider.number));
            }
        }
    }

    void onTripChanged(Inbox.TripChanged change, long nowMs) {
        Rider rider = riders.get(change.rider());
        if (rider == null || rider.watch == null || change.watch() != rider.watchCount) {
            return;
        }
        rider.watch.requestNext();
        TripUpdate update = change.update();
        switch (update.getState()) {
            case ACCEPTED -> {
                if (!rider.matched) {
                    rider.matched = true;
                    matched++;
                }
            }
            case ARRIVED -> arrived(rider, nowMs);
            case COMPLETED -> {
                completed++;
                ended(rider, ClientLedger.TripEnd.COMPLETED);
            }
            case CANCELLED -> {
                cancelled++;
                ended(rider, ClientLedger.TripEnd.CANCELLED);
            }
            case EXPIRED -> {
                expired++;
                ended(rider, ClientLedger.TripEnd.EXPIRED);
            }
            case QUOTED, REQUESTED, MATCHING, OFFERED, STARTED, TRIP_STATE_UNSPECIFIED, UNRECOGNIZED -> {}
        }
    }

    void onWatchEnded(Inbox.WatchEnded end, long nowMs) {
        Rider rider = riders.get(end.rider());
        if (rider == null || end.watch() != rider.watchCount) {
            return;
        }
        rider.watch = null;
        if (!end.status().isOk()) {
            lastFailure = end.status();
            goOn(rider, end.status());
        }
        calendar.schedule(nowMs + BACKOFF_MS, EventKind.RIDER_WATCH.event(rider.number));
    }

    private void arrived(Rider rider, long nowMs) {
        if (!rider.arrived) {
            rider.arrived = true;
            waitMs.recordValue(Math.clamp(nowMs - rider.requestMs, 0L, waitMs.getHighestTrackableValue()));
        }
    }

    private void ended(Rider rider, ClientLedger.TripEnd how) {
        if (rider.trip != null) {
            ledger.trip(rider.trip, how);
        }
        rider.watch = null;
        riders.remove(rider.number);
    }

    /** The rider whose current call this answers; null when it was answered or given up before. */
    private @Nullable Rider answered(int number, int attempt) {
        Rider rider = riders.get(number);
        if (rider == null || !rider.calling || attempt != rider.attempt) {
            return null;
        }
        rider.calling = false;
        outstandingCalls--;
        return rider;
    }

    private static boolean isWorthRetrying(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, RESOURCE_EXHAUSTED, ABORTED, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN, INTERNAL -> true;
            default -> false;
        };
    }
}
