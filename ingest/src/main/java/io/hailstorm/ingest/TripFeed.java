package io.hailstorm.ingest;

import com.google.protobuf.Timestamp;
import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.CancelReason;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.OfferEnded;
import io.hailstorm.protocol.v1.OfferMade;
import io.hailstorm.protocol.v1.TripState;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Folds the durable events of {@code trips} into what the edge shows of each trip, and pushes offers and updates to the
 * phones concerned. The node feeds every durable event, from the first after a restart, on the agent's thread.
 *
 * <p>Bounded: open trips by {@code maxOpenTrips} (requests beyond are refused), ended ones by {@code maxEndedTrips},
 * oldest forgotten first.
 */
public final class TripFeed {
    private static final long NO_DRIVER = 0;
    private static final int MAX_ANSWERS = 1 << 16;
    private static final int MAX_WATCHERS_PER_TRIP = 16;
    private static final int MAX_EARLY_TRIPS = 4096;
    /** An offer whose end is not in the log so long after its deadline keeps nobody from anything. */
    private static final long OFFER_GRACE_MS = 5_000;

    private final IngestConfig config;
    private final DriverSessions sessions;
    /** By the trip id's value, which rider and request id alone determine. */
    private final Long2ObjectHashMap<TripView> trips = new Long2ObjectHashMap<>();

    private final ArrayDeque<TripView> ended = new ArrayDeque<>();
    /** The trip that holds each driver, offered or assigned. */
    private final Long2ObjectHashMap<TripView> tripByDriver = new Long2ObjectHashMap<>();
    /** Who sent each driver command that has no outcome yet, so that a refusal reaches the phone. */
    private final Long2LongHashMap driverByCommand = new Long2LongHashMap(NO_DRIVER);

    /** Events of trips whose request has not been read yet: it may be in another partition, which is read later. */
    private final LinkedHashMap<TripId, List<Fold>> early = new LinkedHashMap<>();

    private int openCount;

    TripFeed(IngestConfig config, DriverSessions sessions) {
        this.config = config;
        this.sessions = sessions;
    }

    /** Folds one durable event in and tells whom it concerns. */
    public void onEvent(int partition, long offset, Event event) {
        settleCommand(event);
        switch (event.getPayloadCase()) {
            case TRIP_REQUESTED -> requested(event, partition, offset);
            case MATCHING_STARTED -> with(event.getMatchingStarted().getTrip(), view -> matching(view, event));
            case OFFER_MADE -> with(event.getOfferMade().getTrip(), view -> offerMade(view, event));
            case OFFER_ENDED -> with(event.getOfferEnded().getTrip(), view -> offerEnded(view, event));
            case TRIP_ACCEPTED -> with(event.getTripAccepted().getTrip(), view -> accepted(view, event));
            case DRIVER_ARRIVED ->
                with(event.getDriverArrived().getTrip(), view -> moved(view, TripState.ARRIVED, event));
            case TRIP_STARTED -> with(event.getTripStarted().getTrip(), view -> moved(view, TripState.STARTED, event));
            case TRIP_COMPLETED ->
                with(event.getTripCompleted().getTrip(), view -> end(view, TripState.COMPLETED, event));
            case TRIP_CANCELLED ->
                with(event.getTripCancelled().getTrip(), view -> {
                    view.cancelReason = event.getTripCancelled().getReason();
                    end(view, TripState.CANCELLED, event);
                });
            case TRIP_EXPIRED -> with(event.getTripExpired().getTrip(), view -> end(view, TripState.EXPIRED, event));
            case OFFER_ANSWERED -> remember(event, event.getOfferAnswered().getDriver());
            case TRIP_PROGRESS_REPORTED ->
                remember(event, event.getTripProgressReported().getDriver());
            case QUOTE_ISSUED,
                    TRIP_CANCEL_REQUESTED,
                    COMMAND_REFUSED,
                    ROUND_COMPLETED,
                    DRIVER_HANDED_OVER,
                    DRIVER_TAKEN_IN,
                    HAND_OVER_RECALLED,
                    HAND_OVER_REFUSED,
                    PRICES_PUBLISHED,
                    RANGE_PROPOSAL,
                    RANGE_SEALED,
                    RANGE_OPENED,
                    RANGE_ABORTED,
                    RANGE_STAGED,
                    MOVE_GROUP_BEGUN,
                    MOVE_GROUP_ENDED,
                    PARTITION_MAP_INITIALIZED,
                    DEAD_LETTER,
                    PAYLOAD_NOT_SET -> {
                // Nothing of a trip's visible state.
            }
        }
    }

    /** Trips that have not ended. */
    public int openTripCount() {
        return openCount;
    }

    @Nullable
    TripView find(TripId trip) {
        TripView view = trips.get(trip.value());
        return view != null && view.trip.equals(trip) ? view : null;
    }

    /** The trip a rider's request already names, wherever its pickup was. */
    @Nullable
    TripView find(long value) {
        return trips.get(value);
    }

    boolean isFull() {
        return openCount >= config.maxOpenTrips();
    }

    /** A request was appended; it is shown at once, and answered once durable. */
    TripView opened(TripId trip, long rider, long requestMs, int partition, long offset) {
        TripView view = new TripView(trip, rider, requestMs, partition, offset);
        trips.put(trip.value(), view);
        openCount++;
        return view;
    }

    /** Sends a driver who connected what is going on. */
    void connected(long driver, long now) {
        TripView view = tripByDriver.get(driver);
        if (view == null) {
            return;
        }
        OfferMade offer = view.offer;
        if (offer != null && offer.getDriver() == driver) {
            if (offer.getExpireTimeMs() > now) {
                toDriver(driver, offerMessage(offer));
            }
        } else {
            toDriver(driver, updateMessage(update(view, 0)));
        }
    }

    /** Whether an offer is put to the driver, and could still be answered in a while. */
    boolean hasLiveOffer(long driver, long now) {
        TripView view = tripByDriver.get(driver);
        OfferMade offer = view == null ? null : view.offer;
        return offer != null && offer.getDriver() == driver && now < offer.getExpireTimeMs() + OFFER_GRACE_MS;
    }

    /** The trip that holds the driver, offered or assigned; empty when none does. */
    String tripOf(long driver) {
        TripView view = tripByDriver.get(driver);
        return view == null ? "" : view.trip.toString();
    }

    void watch(TripView view, Outbox<TripUpdate> outbox) {
        view.watchers.removeIf(Outbox::isClosed);
        if (view.watchers.size() >= MAX_WATCHERS_PER_TRIP) {
            outbox.fail(RpcErrors.overloaded("too many watch this trip: at most " + MAX_WATCHERS_PER_TRIP, 5_000));
            return;
        }
        outbox.send(update(view, 0));
        if (view.isEnded()) {
            outbox.complete();
        } else {
            view.watchers.add(outbox);
        }
    }

    static Timestamp timestamp(long epochMs) {
        return Timestamp.newBuilder()
                .setSeconds(Math.floorDiv(epochMs, 1_000L))
                .setNanos((int) Math.floorMod(epochMs, 1_000L) * 1_000_000)
                .build();
    }

    private interface Fold {
        void apply(TripView view);
    }

    private void with(String text, Fold fold) {
        TripId trip = TripId.parse(text);
        TripView view = find(trip);
        if (view != null) {
            fold.apply(view);
            return;
        }
        early.computeIfAbsent(trip, key -> new ArrayList<>()).add(fold);
        if (early.size() > MAX_EARLY_TRIPS) {
            early.remove(early.keySet().iterator().next());
        }
    }

    private void requested(Event event, int partition, long offset) {
        var request = event.getTripRequested();
        TripId trip = TripId.parse(request.getTrip());
        if (find(trip) == null) {
            TripView view = opened(trip, request.getRider(), event.getTimeMs(), partition, offset);
            List<Fold> waiting = early.remove(trip);
            if (waiting != null) {
                waiting.forEach(fold -> fold.apply(view));
            }
        }
    }

    private void matching(TripView view, Event event) {
        if (view.isEnded()) {
            return;
        }
        long formerDriver = view.driver;
        view.state = TripState.MATCHING;
        view.driver = NO_DRIVER;
        tell(view, event, formerDriver, 0);
        free(formerDriver, view);
    }

    private void offerMade(TripView view, Event event) {
        if (view.isEnded()) {
            return;
        }
        OfferMade offer = event.getOfferMade();
        view.offer = offer;
        view.state = TripState.OFFERED;
        view.pickupEtaMs = offer.getPickupEtaMs();
        tripByDriver.put(offer.getDriver(), view);
        toDriver(offer.getDriver(), offerMessage(offer));
        tell(view, event, NO_DRIVER, 0);
    }

    private void offerEnded(TripView view, Event event) {
        OfferEnded offerEnded = event.getOfferEnded();
        OfferMade live = view.offer;
        if (live != null && live.getOffer() == offerEnded.getOffer()) {
            view.offer = null;
            if (view.state == TripState.OFFERED) {
                view.state = TripState.MATCHING;
            }
        }
        tell(view, event, offerEnded.getDriver(), offerEnded.getOffer());
        if (view.driver != offerEnded.getDriver()) {
            free(offerEnded.getDriver(), view);
        }
    }

    private void accepted(TripView view, Event event) {
        view.offer = null;
        view.driver = event.getTripAccepted().getDriver();
        view.pickupEtaMs = event.getTripAccepted().getPickupEtaMs();
        tripByDriver.put(view.driver, view);
        moved(view, TripState.ACCEPTED, event);
    }

    private void moved(TripView view, TripState state, Event event) {
        if (!view.isEnded()) {
            view.state = state;
            tell(view, event, view.driver, 0);
        }
    }

    private void end(TripView view, TripState state, Event event) {
        if (view.isEnded()) {
            return;
        }
        OfferMade live = view.offer;
        long concerned = live == null ? view.driver : live.getDriver();
        view.offer = null;
        view.state = state;
        tell(view, event, concerned, live == null ? 0 : live.getOffer());
        free(concerned, view);
        for (Outbox<TripUpdate> watcher : view.watchers) {
            watcher.complete();
        }
        view.watchers.clear();
        openCount--;
        ended.add(view);
        while (ended.size() > config.maxEndedTrips()) {
            trips.remove(ended.remove().trip.value());
        }
    }

    private void free(long driver, TripView view) {
        if (driver != NO_DRIVER && tripByDriver.get(driver) == view) {
            tripByDriver.remove(driver);
        }
    }

    private void remember(Event event, long driver) {
        if (driverByCommand.size() < MAX_ANSWERS) {
            driverByCommand.put(event.getEventId(), driver);
        }
    }

    private void settleCommand(Event event) {
        if (event.getCausationId() == 0) {
            return;
        }
        long driver = driverByCommand.remove(event.getCausationId());
        if (driver != NO_DRIVER && event.hasCommandRefused()) {
            with(event.getCommandRefused().getTrip(), view -> toDriver(driver, updateMessage(update(view, 0))));
        }
    }

    /** Tells the trip's watchers and one driver. */
    private void tell(TripView view, Event event, long driver, long offer) {
        view.updateMs = event.getTimeMs();
        if (driver == NO_DRIVER && view.watchers.isEmpty()) {
            return;
        }
        TripUpdate update = update(view, offer);
        if (driver != NO_DRIVER) {
            toDriver(driver, updateMessage(update));
        }
        // A client may answer within send, in one thread; what it says comes back through the queues, never to here.
        for (int i = 0; i < view.watchers.size(); i++) {
            view.watchers.get(i).send(update);
        }
    }

    private void toDriver(long driver, DriveResponse message) {
        DriverSession session = sessions.find(driver);
        if (session != null && session.stream != null) {
            session.stream.outbox.send(message);
        }
    }

    private static TripUpdate update(TripView view, long offer) {
        return TripUpdate.newBuilder()
                .setTrip(view.trip.toString())
                .setState(view.state)
                .setCancelReason(
                        view.state == TripState.CANCELLED ? view.cancelReason : CancelReason.CANCEL_REASON_UNSPECIFIED)
                .setDriver(view.driver)
                .setUpdateTime(timestamp(view.updateMs))
                .setOffer(offer)
                .setPickupEtaMs(view.pickupEtaMs)
                .build();
    }

    private static DriveResponse updateMessage(TripUpdate update) {
        return DriveResponse.newBuilder().setTripUpdate(update).build();
    }

    private static DriveResponse offerMessage(OfferMade made) {
        return DriveResponse.newBuilder()
                .setOffer(Offer.newBuilder()
                        .setTrip(made.getTrip())
                        .setOffer(made.getOffer())
                        .setPickup(made.getPickup())
                        .setDropoff(made.getDropoff())
                        .setExpireTime(timestamp(made.getExpireTimeMs()))
                        .setPickupEtaMs(made.getPickupEtaMs())
                        .setFareMinorUnits(made.getFareMinorUnits()))
                .build();
    }
}
