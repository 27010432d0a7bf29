package io.hailstorm.ops;

import io.hailstorm.geo.Cells;
import io.hailstorm.ops.WaitWindow.Waits;
import io.hailstorm.protocol.v1.CancelReason;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.OfferMade;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.PricesPublished;
import io.hailstorm.protocol.v1.TripAccepted;
import io.hailstorm.protocol.v1.TripState;
import java.util.Locale;

/** What the events of the log add up to: trips, rounds, prices, demand, rates, waits. One thread at a time. */
final class EventFold {
    private final Cells cells;
    private final CellTable cellTable;
    private final DemandWindow demand;
    private final TripBook trips = new TripBook();
    private final RoundLog rounds = new RoundLog();
    private final WaitWindow waits = new WaitWindow();
    private final RateWindow quotes = new RateWindow();
    private final RateWindow requests = new RateWindow();
    private final RateWindow offers = new RateWindow();
    private final RateWindow completions = new RateWindow();
    private final RateWindow cancellations = new RateWindow();
    private final RateWindow expiries = new RateWindow();
    private long priceVersion;

    EventFold(Cells cells, CellTable cellTable) {
        this.cells = cells;
        this.cellTable = cellTable;
        demand = new DemandWindow(cellTable);
    }

    /** @param appendedMs when the record was written, for events that carry no time of their own */
    void onEvent(Event event, long appendedMs) {
        long timeMs = event.getTimeMs() > 0 ? event.getTimeMs() : appendedMs;
        switch (event.getPayloadCase()) {
            case QUOTE_ISSUED -> {
                var quote = event.getQuoteIssued();
                quotes.add(timeMs, 1);
                ask(quote.getRider(), quote.getPickup(), timeMs);
            }
            case TRIP_REQUESTED -> {
                var request = event.getTripRequested();
                if (trips.onRequested(request, timeMs)) {
                    requests.add(timeMs, 1);
                    ask(request.getRider(), request.getPickup(), timeMs);
                }
            }
            case ROUND_COMPLETED -> rounds.add(event.getRoundCompleted(), timeMs);
            case PRICES_PUBLISHED -> onPrices(event.getPricesPublished());
            case TRIP_CANCEL_REQUESTED, OFFER_ANSWERED, COMMAND_REFUSED -> onNoted(event, timeMs);
            case MATCHING_STARTED, OFFER_MADE, OFFER_ENDED, TRIP_ACCEPTED -> onMatching(event, timeMs);
            case DRIVER_ARRIVED, TRIP_STARTED, TRIP_COMPLETED, TRIP_CANCELLED, TRIP_EXPIRED -> onRide(event, timeMs);
            // A command whose outcome event tells the same, and ownership, which the partition map tells.
            case TRIP_PROGRESS_REPORTED,
                    DRIVER_HANDED_OVER,
                    DRIVER_TAKEN_IN,
                    HAND_OVER_RECALLED,
                    HAND_OVER_REFUSED,
                    RANGE_PROPOSAL,
                    RANGE_SEALED,
                    RANGE_OPENED,
                    RANGE_ABORTED,
                    RANGE_STAGED,
                    MOVE_GROUP_BEGUN,
                    MOVE_GROUP_ENDED,
                    PARTITION_MAP_INITIALIZED,
                    DEAD_LETTER,
                    PAYLOAD_NOT_SET -> {}
        }
    }

    private void ask(long rider, Point pickup, long timeMs) {
        long cell = cells.cellOf(pickup.getLatE7(), pickup.getLonE7(), Cells.PRICING_RESOLUTION);
        if (cell == Cells.NULL_CELL) {
            return;
        }
        int index = cellTable.indexOf(cell);
        if (index != CellTable.NO_INDEX) {
            demand.onAsk(rider, index, timeMs);
        }
    }

    private void onPrices(PricesPublished prices) {
        int count = Math.min(prices.getCellsCount(), prices.getMultiplierMilliCount());
        for (int i = 0; i < count; i++) {
            long cell = prices.getCells(i);
            int index = cells.isValid(cell) ? cellTable.indexOf(cell) : CellTable.NO_INDEX;
            if (index != CellTable.NO_INDEX) {
                cellTable.price(index, prices.getMultiplierMilli(i));
            }
        }
        priceVersion = Math.max(priceVersion, prices.getPriceVersion());
    }

    private void onNoted(Event event, long timeMs) {
        switch (event.getPayloadCase()) {
            case TRIP_CANCEL_REQUESTED -> {
                var cancel = event.getTripCancelRequested();
                trips.onNoted(cancel.getTrip(), "cancel asked", timeMs, TripBook.NO_DRIVER, words(cancel.getReason()));
            }
            case OFFER_ANSWERED -> {
                var answer = event.getOfferAnswered();
                String what = answer.getAccepted() ? "driver said yes" : "driver said no";
                trips.onNoted(answer.getTrip(), what, timeMs, answer.getDriver(), "offer " + answer.getOffer());
            }
            case COMMAND_REFUSED -> {
                var refused = event.getCommandRefused();
                trips.onNoted(refused.getTrip(), "refused", timeMs, TripBook.NO_DRIVER, refused.getReason());
            }
            default -> {}
        }
    }

    private void onMatching(Event event, long timeMs) {
        switch (event.getPayloadCase()) {
            case MATCHING_STARTED ->
                trips.onMoved(
                        event.getMatchingStarted().getTrip(),
                        TripState.MATCHING,
                        "matching",
                        timeMs,
                        TripBook.NO_DRIVER,
                        "");
            case OFFER_MADE -> {
                OfferMade offer = event.getOfferMade();
                offers.add(timeMs, 1);
                String detail = "round " + offer.getRound() + ", pickup in " + offer.getPickupEtaMs() / 1000 + " s";
                trips.onOffered(offer.getTrip(), timeMs, offer.getDriver(), detail);
            }
            case OFFER_ENDED -> {
                var ended = event.getOfferEnded();
                String cause = words(ended.getCause().name());
                trips.onOfferEnded(ended.getTrip(), timeMs, ended.getDriver(), cause);
            }
            case TRIP_ACCEPTED -> {
                TripAccepted accepted = event.getTripAccepted();
                String detail = "pickup in " + accepted.getPickupEtaMs() / 1000 + " s";
                trips.onMoved(accepted.getTrip(), TripState.ACCEPTED, "accepted", timeMs, accepted.getDriver(), detail);
            }
            default -> {}
        }
    }

    private void onRide(Event event, long timeMs) {
        switch (event.getPayloadCase()) {
            case DRIVER_ARRIVED -> {
                var arrived = event.getDriverArrived();
                long waitMs =
                        trips.onMoved(arrived.getTrip(), TripState.ARRIVED, "arrived", timeMs, arrived.getDriver(), "");
                if (waitMs >= 0) {
                    waits.add(timeMs, waitMs);
                }
            }
            case TRIP_STARTED -> {
                var started = event.getTripStarted();
                trips.onMoved(started.getTrip(), TripState.STARTED, "started", timeMs, started.getDriver(), "");
            }
            case TRIP_COMPLETED -> {
                var completed = event.getTripCompleted();
                completions.add(timeMs, 1);
                String detail = "fare " + money(completed.getFareMinorUnits());
                trips.onMoved(
                        completed.getTrip(), TripState.COMPLETED, "completed", timeMs, completed.getDriver(), detail);
            }
            case TRIP_CANCELLED -> {
                var cancelled = event.getTripCancelled();
                cancellations.add(timeMs, 1);
                String fee = cancelled.getFeeMinorUnits() == 0 ? "" : ", fee " + money(cancelled.getFeeMinorUnits());
                String detail = words(cancelled.getReason()) + fee;
                trips.onMoved(
                        cancelled.getTrip(), TripState.CANCELLED, "cancelled", timeMs, cancelled.getDriver(), detail);
            }
            case TRIP_EXPIRED -> {
                expiries.add(timeMs, 1);
                String trip = event.getTripExpired().getTrip();
                trips.onMoved(trip, TripState.EXPIRED, "expired", timeMs, TripBook.NO_DRIVER, "no driver in time");
            }
            default -> {}
        }
    }

    private static String words(CancelReason reason) {
        return words(reason.name());
    }

    private static String words(String constant) {
        return constant.toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String money(long minorUnits) {
        return String.format(Locale.ROOT, "%d.%02d", minorUnits / 100, Math.abs(minorUnits % 100));
    }

    void expire(long nowMs) {
        demand.expire(nowMs);
    }

    Waits waits(long nowMs) {
        return waits.waits(nowMs);
    }

    TripBook trips() {
        return trips;
    }

    RoundLog rounds() {
        return rounds;
    }

    RateWindow quotes() {
        return quotes;
    }

    RateWindow requests() {
        return requests;
    }

    RateWindow offers() {
        return offers;
    }

    RateWindow completions() {
        return completions;
    }

    RateWindow cancellations() {
        return cancellations;
    }

    RateWindow expiries() {
        return expiries;
    }

    long priceVersion() {
        return priceVersion;
    }
}
