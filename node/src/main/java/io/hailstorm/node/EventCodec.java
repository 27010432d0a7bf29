package io.hailstorm.node;

import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;
import io.hailstorm.matching.CancelReason;
import io.hailstorm.matching.RoundCompleted;
import io.hailstorm.matching.TripCommand;
import io.hailstorm.matching.TripEvent;
import io.hailstorm.pricing.PriceUpdate;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.OfferEnded;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.PricesPublished;
import io.hailstorm.protocol.v1.TripProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The domain's words and the wire's, both ways: matching and pricing speak their own sealed records, the log holds
 * {@code hailstorm.v1.Event}. Stateless.
 */
final class EventCodec {
    private EventCodec() {}

    /** The trip command in an event; empty when the event is something else. */
    static Optional<TripCommand> command(Event event) {
        return switch (event.getPayloadCase()) {
            case TRIP_REQUESTED -> {
                var asked = event.getTripRequested();
                yield Optional.of(new TripCommand.RequestTrip(
                        TripId.parse(asked.getTrip()),
                        new RiderId(asked.getRider()),
                        asked.getRequestId(),
                        asked.getQuote(),
                        point(asked.getPickup()),
                        point(asked.getDropoff()),
                        asked.getFareMinorUnits(),
                        asked.getPriceVersion(),
                        asked.getMultiplierMilli(),
                        asked.getDriverBonusMinorUnits()));
            }
            case TRIP_CANCEL_REQUESTED -> {
                var asked = event.getTripCancelRequested();
                yield Optional.of(new TripCommand.CancelTrip(
                        TripId.parse(asked.getTrip()), reason(asked.getReason()), new RiderId(asked.getRider())));
            }
            case OFFER_ANSWERED -> {
                var answer = event.getOfferAnswered();
                yield Optional.of(new TripCommand.AnswerOffer(
                        TripId.parse(answer.getTrip()),
                        new OfferId(answer.getOffer()),
                        new DriverId(answer.getDriver()),
                        answer.getAccepted()));
            }
            case TRIP_PROGRESS_REPORTED -> {
                var progress = event.getTripProgressReported();
                yield Optional.of(new TripCommand.ReportProgress(
                        TripId.parse(progress.getTrip()),
                        new DriverId(progress.getDriver()),
                        step(progress.getStep())));
            }
            default -> Optional.empty();
        };
    }

    /** The trip event in an event; empty when the event is something else. */
    static Optional<TripEvent> tripEvent(Event event) {
        return Optional.ofNullable(
                switch (event.getPayloadCase()) {
                    case MATCHING_STARTED ->
                        new TripEvent.MatchingStarted(
                                TripId.parse(event.getMatchingStarted().getTrip()));
                    case OFFER_MADE -> {
                        var made = event.getOfferMade();
                        yield new TripEvent.OfferMade(
                                TripId.parse(made.getTrip()),
                                new OfferId(made.getOffer()),
                                new DriverId(made.getDriver()),
                                made.getExpireTimeMs(),
                                made.getPickupEtaMs(),
                                point(made.getPickup()),
                                point(made.getDropoff()),
                                made.getFareMinorUnits(),
                                made.getRound());
                    }
                    case OFFER_ENDED -> {
                        var ended = event.getOfferEnded();
                        yield new TripEvent.OfferEnded(
                                TripId.parse(ended.getTrip()),
                                new OfferId(ended.getOffer()),
                                new DriverId(ended.getDriver()),
                                endCause(ended.getCause()));
                    }
                    case TRIP_ACCEPTED -> {
                        var accepted = event.getTripAccepted();
                        yield new TripEvent.TripAccepted(
                                TripId.parse(accepted.getTrip()),
                                new OfferId(accepted.getOffer()),
                                new DriverId(accepted.getDriver()),
                                accepted.getPickupEtaMs());
                    }
                    case DRIVER_ARRIVED ->
                        new TripEvent.DriverArrived(
                                TripId.parse(event.getDriverArrived().getTrip()),
                                new DriverId(event.getDriverArrived().getDriver()));
                    case TRIP_STARTED ->
                        new TripEvent.TripStarted(
                                TripId.parse(event.getTripStarted().getTrip()),
                                new DriverId(event.getTripStarted().getDriver()));
                    case TRIP_COMPLETED -> {
                        var completed = event.getTripCompleted();
                        yield new TripEvent.TripCompleted(
                                TripId.parse(completed.getTrip()),
                                new DriverId(completed.getDriver()),
                                completed.getFareMinorUnits(),
                                completed.getDriverBonusMinorUnits());
                    }
                    case TRIP_CANCELLED -> {
                        var cancelled = event.getTripCancelled();
                        yield new TripEvent.TripCancelled(
                                TripId.parse(cancelled.getTrip()),
                                cancelled.getDriver() == 0
                                        ? Optional.empty()
                                        : Optional.of(new DriverId(cancelled.getDriver())),
                                reason(cancelled.getReason()),
                                cancelled.getFeeMinorUnits());
                    }
                    case TRIP_EXPIRED ->
                        new TripEvent.TripExpired(
                                TripId.parse(event.getTripExpired().getTrip()));
                    case COMMAND_REFUSED ->
                        new TripEvent.CommandRefused(
                                TripId.parse(event.getCommandRefused().getTrip()),
                                event.getCommandRefused().getReason());
                    default -> null;
                });
    }

    /** Sets the payload and the aggregate of an event. */
    static void encode(TripEvent event, Event.Builder out) {
        String trip = event.trip().toString();
        out.setAggregateId(trip);
        switch (event) {
            case TripEvent.MatchingStarted started ->
                out.getMatchingStartedBuilder().setTrip(trip);
            case TripEvent.OfferMade made ->
                out.getOfferMadeBuilder()
                        .setTrip(trip)
                        .setOffer(made.offer().value())
                        .setDriver(made.driver().value())
                        .setExpireTimeMs(made.expireTimeMs())
                        .setPickupEtaMs(made.pickupEtaMs())
                        .setPickup(point(made.pickup()))
                        .setDropoff(point(made.dropoff()))
                        .setFareMinorUnits(made.fareMinorUnits())
                        .setRound(made.round());
            case TripEvent.OfferEnded ended ->
                out.getOfferEndedBuilder()
                        .setTrip(trip)
                        .setOffer(ended.offer().value())
                        .setDriver(ended.driver().value())
                        .setCause(endCause(ended.cause()));
            case TripEvent.TripAccepted accepted ->
                out.getTripAcceptedBuilder()
                        .setTrip(trip)
                        .setOffer(accepted.offer().value())
                        .setDriver(accepted.driver().value())
                        .setPickupEtaMs(accepted.pickupEtaMs());
            case TripEvent.DriverArrived arrived ->
                out.getDriverArrivedBuilder()
                        .setTrip(trip)
                        .setDriver(arrived.driver().value());
            case TripEvent.TripStarted started ->
                out.getTripStartedBuilder()
                        .setTrip(trip)
                        .setDriver(started.driver().value());
            case TripEvent.TripCompleted completed ->
                out.getTripCompletedBuilder()
                        .setTrip(trip)
                        .setDriver(completed.driver().value())
                        .setFareMinorUnits(completed.fareMinorUnits())
                        .setDriverBonusMinorUnits(completed.driverBonusMinorUnits());
            case TripEvent.TripCancelled cancelled ->
                out.getTripCancelledBuilder()
                        .setTrip(trip)
                        .setDriver(cancelled.driver().map(DriverId::value).orElse(0L))
                        .setReason(reason(cancelled.reason()))
                        .setFeeMinorUnits(cancelled.feeMinorUnits());
            case TripEvent.TripExpired expired -> out.getTripExpiredBuilder().setTrip(trip);
            case TripEvent.CommandRefused refused ->
                out.getCommandRefusedBuilder().setTrip(trip).setReason(refused.reason());
        }
    }

    static void encode(RoundCompleted round, List<io.hailstorm.protocol.v1.InputCut> cuts, Event.Builder out) {
        out.setAggregateId("round-" + round.round());
        out.getRoundCompletedBuilder()
                .setRound(round.round())
                .addAllCuts(cuts)
                .setRiderCount(round.riderCount())
                .setDriverCount(round.driverCount())
                .setEdgeCount(round.edgeCount())
                .setOfferCount(round.offerCount())
                .setCostTotalMs(round.costTotalMs())
                .setPolicy(round.policy());
    }

    static RoundCompleted round(io.hailstorm.protocol.v1.RoundCompleted round) {
        return new RoundCompleted(
                round.getRound(),
                round.getRiderCount(),
                round.getDriverCount(),
                round.getEdgeCount(),
                round.getOfferCount(),
                round.getCostTotalMs(),
                round.getPolicy());
    }

    static void encode(PriceUpdate update, Event.Builder out) {
        out.setAggregateId("prices-" + update.version());
        PricesPublished.Builder prices = out.getPricesPublishedBuilder()
                .setPriceVersion(update.version())
                .setTickTimeMs(update.tickTimeMs());
        for (PriceUpdate.CellPrice change : update.changes()) {
            prices.addCells(change.cell()).addMultiplierMilli(change.multiplierMilli());
        }
    }

    static PriceUpdate priceUpdate(PricesPublished prices) {
        List<PriceUpdate.CellPrice> changes = new ArrayList<>(prices.getCellsCount());
        for (int i = 0; i < prices.getCellsCount(); i++) {
            changes.add(new PriceUpdate.CellPrice(prices.getCells(i), prices.getMultiplierMilli(i)));
        }
        return new PriceUpdate(prices.getPriceVersion(), prices.getTickTimeMs(), changes);
    }

    static GeoPoint point(Point point) {
        return new GeoPoint(point.getLatE7(), point.getLonE7());
    }

    static Point point(GeoPoint point) {
        return Point.newBuilder()
                .setLatE7(point.latE7())
                .setLonE7(point.lonE7())
                .build();
    }

    private static TripCommand.Step step(int number) {
        TripProgress.Step step = TripProgress.Step.forNumber(number);
        return switch (step == null ? TripProgress.Step.UNRECOGNIZED : step) {
            case ARRIVE -> TripCommand.Step.ARRIVE;
            case START -> TripCommand.Step.START;
            case COMPLETE -> TripCommand.Step.COMPLETE;
            case CANCEL -> TripCommand.Step.CANCEL;
            case NO_SHOW -> TripCommand.Step.NO_SHOW;
            case STEP_UNSPECIFIED, UNRECOGNIZED ->
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "unknown trip step: expected 1..5, got " + number);
        };
    }

    private static CancelReason reason(io.hailstorm.protocol.v1.CancelReason reason) {
        return switch (reason) {
            case BY_RIDER, CANCEL_REASON_UNSPECIFIED, UNRECOGNIZED -> CancelReason.BY_RIDER;
            case BY_DRIVER -> CancelReason.BY_DRIVER;
            case DRIVER_LOST -> CancelReason.DRIVER_LOST;
            case RIDER_NO_SHOW -> CancelReason.RIDER_NO_SHOW;
            case BY_OPERATOR -> CancelReason.BY_OPERATOR;
        };
    }

    private static io.hailstorm.protocol.v1.CancelReason reason(CancelReason reason) {
        return switch (reason) {
            case BY_RIDER -> io.hailstorm.protocol.v1.CancelReason.BY_RIDER;
            case BY_DRIVER -> io.hailstorm.protocol.v1.CancelReason.BY_DRIVER;
            case DRIVER_LOST -> io.hailstorm.protocol.v1.CancelReason.DRIVER_LOST;
            case RIDER_NO_SHOW -> io.hailstorm.protocol.v1.CancelReason.RIDER_NO_SHOW;
            case BY_OPERATOR -> io.hailstorm.protocol.v1.CancelReason.BY_OPERATOR;
        };
    }

    private static TripEvent.OfferEndCause endCause(OfferEnded.Cause cause) {
        return switch (cause) {
            case DECLINED -> TripEvent.OfferEndCause.DECLINED;
            case TIMED_OUT -> TripEvent.OfferEndCause.TIMED_OUT;
            case TRIP_CANCELLED -> TripEvent.OfferEndCause.TRIP_CANCELLED;
            case DRIVER_GONE -> TripEvent.OfferEndCause.DRIVER_GONE;
            case CAUSE_UNSPECIFIED, UNRECOGNIZED ->
                throw new HailstormException(ErrorCode.DATA_LOSS, "an offer ended for an unknown cause: " + cause);
        };
    }

    private static OfferEnded.Cause endCause(TripEvent.OfferEndCause cause) {
        return switch (cause) {
            case DECLINED -> OfferEnded.Cause.DECLINED;
            case TIMED_OUT -> OfferEnded.Cause.TIMED_OUT;
            case TRIP_CANCELLED -> OfferEnded.Cause.TRIP_CANCELLED;
            case DRIVER_GONE -> OfferEnded.Cause.DRIVER_GONE;
        };
    }
}
