package io.hailstorm.ingest;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.TripId;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.protocol.v1.CancelReason;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.NearbyResponse;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.QuoteIssued;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripCancelRequested;
import io.hailstorm.protocol.v1.TripRequested;
import org.jspecify.annotations.Nullable;

/**
 * Serves riders' calls on the agent's thread. A command that the log will not take yet keeps its place at the head of the
 * queue; the queue is bounded, and the edge refuses calls while it is full.
 */
final class RiderDesk {
    private static final int SWEEP_EVERY_MS = 5_000;

    private final IngestConfig config;
    private final IngestMetrics metrics;
    private final Cells cells;
    private final FixDecider decider;
    private final TripAppender trips;
    private final TripFeed tripFeed;
    private final PriceFeed priceFeed;
    private final IngestPorts ports;
    private @Nullable RiderCommand waiting;
    private long sweptMs;

    RiderDesk(
            IngestConfig config,
            IngestMetrics metrics,
            Cells cells,
            FixDecider decider,
            TripAppender trips,
            TripFeed tripFeed,
            PriceFeed priceFeed,
            IngestPorts ports) {
        this.config = config;
        this.metrics = metrics;
        this.cells = cells;
        this.decider = decider;
        this.trips = trips;
        this.tripFeed = tripFeed;
        this.priceFeed = priceFeed;
        this.ports = ports;
    }

    int serve(EdgeHub hub, int maxCommands, long nowMs) {
        if (nowMs - sweptMs >= SWEEP_EVERY_MS) {
            sweptMs = nowMs;
            priceFeed.sweep();
        }
        int served = 0;
        while (served < maxCommands && trips.waitingCount() < config.commandQueueCapacity()) {
            RiderCommand command = waiting != null ? waiting : hub.pollCommand();
            if (command == null) {
                break;
            }
            waiting = command;
            if (!serve(command, nowMs)) {
                break;
            }
            waiting = null;
            served++;
        }
        return served;
    }

    private boolean serve(RiderCommand command, long nowMs) {
        return switch (command) {
            case RiderCommand.GetQuote call -> quote(call, nowMs);
            case RiderCommand.RequestTrip call -> request(call, nowMs);
            case RiderCommand.CancelTrip call -> cancel(call, nowMs);
            case RiderCommand.WatchTrip call -> watch(call);
            case RiderCommand.Nearby call -> nearby(call, nowMs);
            case RiderCommand.WatchPrices call -> {
                priceFeed.watch(call.watch());
                yield true;
            }
        };
    }

    private boolean quote(RiderCommand.GetQuote call, long nowMs) {
        PartitionMap map = decider.map();
        int partition = trips.partitionOf(map, routingCell(call.pickup()));
        if (partition == PartitionMap.NO_PARTITION) {
            call.reply().onError(outsideRegion(call.pickup()));
            return true;
        }
        if (partition == TripAppender.NONE_SERVED) {
            call.reply().onError(notServedHere());
            return true;
        }
        Quote quote = ports.quotes().issue(call.rider(), call.pickup(), call.dropoff(), nowMs);
        Event.Builder event = Event.newBuilder()
                .setAggregateId(quote.getQuote())
                .setCorrelationId(quote.getQuote())
                .setQuoteIssued(QuoteIssued.newBuilder()
                        .setQuote(quote.getQuote())
                        .setRider(call.rider().value())
                        .setPickup(quote.getPickup())
                        .setDropoff(quote.getDropoff())
                        .setFareMinorUnits(quote.getFareMinorUnits())
                        .setPriceVersion(quote.getPriceVersion())
                        .setMultiplierMilli(quote.getMultiplierMilli())
                        .setExpireTimeMs(millis(quote)));
        if (trips.append(partition, event, map.epoch(), nowMs) == PartitionLog.BACK_PRESSURED) {
            return false;
        }
        answer(call.reply(), quote);
        return true;
    }

    private boolean request(RiderCommand.RequestTrip call, long nowMs) {
        Quote quote = call.quote();
        GeoPoint pickup = point(quote.getPickup());
        long homeCell = routingCell(pickup);
        TripId trip = TripId.of(homeCell, call.rider(), call.requestId());
        TripView known = tripFeed.find(trip.value());
        if (known != null) {
            answerWhenDurable(known, call.reply());
            return true;
        }
        switch (ports.quotes().verify(call.rider(), quote, nowMs)) {
            case Quotes.QuoteVerdict.BadSignature bad -> {
                call.reply()
                        .onError(RpcErrors.invalid(
                                "quote signature does not match: send the quote unchanged, as the same rider"));
                return true;
            }
            case Quotes.QuoteVerdict.Expired expired -> {
                call.reply()
                        .onError(Status.FAILED_PRECONDITION
                                .withDescription("quote expired: expire_time_ms=" + expired.expireTimeMs() + ", now_ms="
                                        + nowMs + "; get a new quote")
                                .asRuntimeException());
                return true;
            }
            case Quotes.QuoteVerdict.Valid valid -> {
                return open(call, trip, pickup, nowMs);
            }
        }
    }

    private boolean open(RiderCommand.RequestTrip call, TripId trip, GeoPoint pickup, long nowMs) {
        PartitionMap map = decider.map();
        int partition = trips.partitionOf(map, trip.homeCell());
        if (partition == PartitionMap.NO_PARTITION) {
            call.reply().onError(outsideRegion(pickup));
            return true;
        }
        if (partition == TripAppender.NONE_SERVED) {
            call.reply().onError(notServedHere());
            return true;
        }
        PickupPolicy.Verdict verdict = ports.pickupPolicy().check(pickup);
        if (verdict != PickupPolicy.Verdict.ALLOWED) {
            String why =
                    verdict == PickupPolicy.Verdict.NO_PICKUP_ZONE ? "in a no-pickup zone" : "outside the service area";
            call.reply()
                    .onError(Status.FAILED_PRECONDITION
                            .withDescription("pickup " + pickup + " is " + why + "; choose another point")
                            .asRuntimeException());
            return true;
        }
        if (tripFeed.isFull()) {
            metrics.shed("open_trips").increment();
            call.reply().onError(RpcErrors.overloaded("too many open trips: at most " + config.maxOpenTrips(), 5_000));
            return true;
        }
        Quote quote = call.quote();
        Event.Builder event = Event.newBuilder()
                .setAggregateId(trip.toString())
                .setCorrelationId(trip.toString())
                .setTripRequested(TripRequested.newBuilder()
                        .setTrip(trip.toString())
                        .setRider(call.rider().value())
                        .setRequestId(call.requestId())
                        .setQuote(quote.getQuote())
                        .setPickup(quote.getPickup())
                        .setDropoff(quote.getDropoff())
                        .setFareMinorUnits(quote.getFareMinorUnits())
                        .setPriceVersion(quote.getPriceVersion())
                        .setMultiplierMilli(quote.getMultiplierMilli())
                        .setDriverBonusMinorUnits(quote.getDriverBonusMinorUnits())
                        .setTripDistanceMeters(quote.getTripDistanceMeters()));
        long offset = trips.append(partition, event, map.epoch(), nowMs);
        if (offset == PartitionLog.BACK_PRESSURED) {
            return false;
        }
        answerWhenDurable(tripFeed.opened(trip, call.rider().value(), nowMs, partition, offset), call.reply());
        return true;
    }

    private void answerWhenDurable(TripView view, StreamObserver<Trip> reply) {
        trips.whenDurable(
                view.requestPartition,
                view.requestOffset,
                () -> answer(
                        reply,
                        Trip.newBuilder()
                                .setTrip(view.trip.toString())
                                .setState(view.state)
                                .setDriver(view.driver)
                                .setRequestTime(TripFeed.timestamp(view.requestMs))
                                .build()),
                () -> reply.onError(notServedHere()));
    }

    private boolean cancel(RiderCommand.CancelTrip call, long nowMs) {
        TripView view = tripFeed.find(call.trip());
        if (!mayTouch(view, call.caller())) {
            call.reply().onError(unknownTrip(call.trip()));
            return true;
        }
        PartitionMap map = decider.map();
        int partition = trips.partitionOf(map, call.trip().homeCell());
        if (partition < 0) {
            call.reply().onError(partition == TripAppender.NONE_SERVED ? notServedHere() : unknownTrip(call.trip()));
            return true;
        }
        boolean operator = call.caller().role() == Role.ADMIN;
        Event.Builder event = Event.newBuilder()
                .setAggregateId(call.trip().toString())
                .setCorrelationId(call.trip().toString())
                .setTripCancelRequested(TripCancelRequested.newBuilder()
                        .setTrip(call.trip().toString())
                        .setReason(operator ? CancelReason.BY_OPERATOR : CancelReason.BY_RIDER)
                        .setRider(operator ? 0 : call.caller().id()));
        long offset = trips.append(partition, event, map.epoch(), nowMs);
        if (offset == PartitionLog.BACK_PRESSURED) {
            return false;
        }
        trips.whenDurable(
                partition,
                offset,
                () -> answer(call.reply(), CancelTripResponse.getDefaultInstance()),
                () -> call.reply().onError(notServedHere()));
        return true;
    }

    private boolean watch(RiderCommand.WatchTrip call) {
        TripView view = tripFeed.find(call.trip());
        if (view == null || !mayTouch(view, call.caller())) {
            call.outbox().fail(unknownTrip(call.trip()));
        } else {
            tripFeed.watch(view, call.outbox());
        }
        return true;
    }

    private boolean nearby(RiderCommand.Nearby call, long nowMs) {
        answer(
                call.reply(),
                NearbyResponse.newBuilder()
                        .addAllDrivers(ports.nearbyDrivers()
                                .nearby(call.point(), call.radiusMeters(), call.maxResults(), nowMs))
                        .build());
        return true;
    }

    /** A trip of somebody else is as good as none: its existence is nobody's business. */
    private static boolean mayTouch(@Nullable TripView view, Principal caller) {
        return view != null && (caller.role() == Role.ADMIN || view.rider == caller.id());
    }

    private long routingCell(GeoPoint point) {
        return cells.cellOf(point.latE7(), point.lonE7(), Cells.ROUTING_RESOLUTION);
    }

    private static GeoPoint point(Point point) {
        return new GeoPoint(point.getLatE7(), point.getLonE7());
    }

    private static long millis(Quote quote) {
        Timestamp expireTime = quote.getExpireTime();
        return expireTime.getSeconds() * 1_000 + expireTime.getNanos() / 1_000_000;
    }

    private static RuntimeException outsideRegion(GeoPoint point) {
        return Status.FAILED_PRECONDITION
                .withDescription("pickup " + point + " is outside every region served here")
                .asRuntimeException();
    }

    /** The call may be made again, here or at another node: requests carry an id. */
    private static RuntimeException notServedHere() {
        return Status.UNAVAILABLE
                .withDescription("this node serves no partition just now; call again, or another node")
                .asRuntimeException();
    }

    private static io.grpc.StatusRuntimeException unknownTrip(TripId trip) {
        return Status.NOT_FOUND
                .withDescription("no trip " + trip + " of this caller is open or ended lately")
                .asRuntimeException();
    }

    private static <T> void answer(StreamObserver<T> reply, T message) {
        reply.onNext(message);
        reply.onCompleted();
    }
}
