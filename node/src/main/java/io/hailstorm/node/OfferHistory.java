package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import io.hailstorm.node.HistoryFindings.Kind;
import io.hailstorm.protocol.v1.Event;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether a driver ever had two live offers, or an offer during a trip (I7), by the events of trips in clock order. */
final class OfferHistory {
    private record TripRecord(long hlc, Event event) {}

    private final HistoryFindings findings;
    private final Map<Long, Long> offerByDriver = new HashMap<>();
    private final Map<Long, String> tripByDriver = new HashMap<>();
    private final Map<String, Long> driverByTrip = new HashMap<>();

    OfferHistory(HistoryFindings findings) {
        this.findings = findings;
    }

    void check(List<PartitionReader> trips) {
        List<TripRecord> events = new ArrayList<>();
        for (PartitionReader reader : trips) {
            HistoryChecker.readAll(reader, (offset, hlc, type, buffer, index, length) -> {
                if (type == RecordType.EVENT) {
                    Event event = EventReader.read(buffer, index, length);
                    if (concernsDriver(event)) {
                        events.add(new TripRecord(hlc, event));
                    }
                }
                return true;
            });
        }
        events.sort(Comparator.comparingLong(TripRecord::hlc));
        events.forEach(event -> follow(event.event()));
    }

    private static boolean concernsDriver(Event event) {
        return switch (event.getPayloadCase()) {
            case OFFER_MADE, OFFER_ENDED, TRIP_ACCEPTED, TRIP_COMPLETED, TRIP_CANCELLED, MATCHING_STARTED -> true;
            default -> false;
        };
    }

    private void free(String trip) {
        Long driver = driverByTrip.remove(trip);
        if (driver != null) {
            tripByDriver.remove(driver, trip);
        }
    }

    private void follow(Event event) {
        switch (event.getPayloadCase()) {
            case OFFER_MADE -> {
                var made = event.getOfferMade();
                Long live = offerByDriver.put(made.getDriver(), made.getOffer());
                if (live != null || tripByDriver.containsKey(made.getDriver())) {
                    findings.add(
                            Kind.OFFER,
                            () -> "driver " + made.getDriver() + " got offer " + made.getOffer() + " of trip "
                                    + made.getTrip() + " while holding offer " + live + ", trip "
                                    + tripByDriver.get(made.getDriver()));
                }
            }
            case OFFER_ENDED ->
                offerByDriver.remove(
                        event.getOfferEnded().getDriver(), event.getOfferEnded().getOffer());
            case TRIP_ACCEPTED -> {
                var accepted = event.getTripAccepted();
                offerByDriver.remove(accepted.getDriver(), accepted.getOffer());
                driverByTrip.put(accepted.getTrip(), accepted.getDriver());
                if (tripByDriver.put(accepted.getDriver(), accepted.getTrip()) != null) {
                    findings.add(
                            Kind.OFFER,
                            () -> "driver " + accepted.getDriver() + " accepted " + accepted.getTrip()
                                    + " during another trip");
                }
            }
            case TRIP_COMPLETED -> free(event.getTripCompleted().getTrip());
            case MATCHING_STARTED -> free(event.getMatchingStarted().getTrip());
            case TRIP_CANCELLED -> free(event.getTripCancelled().getTrip());
            default -> {}
        }
    }
}
