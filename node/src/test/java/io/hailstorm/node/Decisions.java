package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.protocol.v1.Event;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * What a log says was decided, without what depends on where in the log it lies: partitions, offsets, the cuts of rounds, and
 * the numbers of events.
 *
 * @param prices every price published, in order of version
 * @param rounds every round, in order
 * @param trips every event of a trip with its time; at one time in order of their text
 */
record Decisions(List<String> prices, List<String> rounds, Set<String> trips) {
    private static final Set<Event.PayloadCase> OF_TRIPS = EnumSet.of(
            Event.PayloadCase.MATCHING_STARTED,
            Event.PayloadCase.OFFER_MADE,
            Event.PayloadCase.OFFER_ENDED,
            Event.PayloadCase.TRIP_ACCEPTED,
            Event.PayloadCase.DRIVER_ARRIVED,
            Event.PayloadCase.TRIP_STARTED,
            Event.PayloadCase.TRIP_COMPLETED,
            Event.PayloadCase.TRIP_CANCELLED,
            Event.PayloadCase.TRIP_EXPIRED,
            Event.PayloadCase.COMMAND_REFUSED);

    static Decisions of(Path dataDir) {
        List<String> prices = new ArrayList<>();
        List<String> rounds = new ArrayList<>();
        Set<String> trips = new TreeSet<>();
        try (LogReader log =
                LogReader.open(new MappedDisk(), DataDirectory.existing(dataDir).root(), new LogPlace().keyset())) {
            forEachEvent(log, StreamName.PRICES, 0, event -> {
                if (event.hasPricesPublished()) {
                    prices.add(event.getTimeMs() + " " + event.getPricesPublished());
                }
            });
            for (int partition = 0; partition < log.partitionCount(); partition++) {
                forEachEvent(log, StreamName.TRIPS, partition, event -> {
                    if (event.hasRoundCompleted()) {
                        rounds.add(event.getTimeMs() + " "
                                + event.getRoundCompleted().toBuilder().clearCuts());
                    } else if (OF_TRIPS.contains(event.getPayloadCase())) {
                        trips.add(event.getTimeMs() + " "
                                + event.toBuilder()
                                        .clearEventId()
                                        .clearHlc()
                                        .clearCausationId()
                                        .clearCorrelationId()
                                        .clearDe());
                    }
                });
            }
        }
        return new Decisions(List.copyOf(prices), List.copyOf(rounds), trips);
    }

    private static void forEachEvent(LogReader log, StreamName stream, int partition, Consumer<Event> consumer) {
        HistoryChecker.readAll(log.partition(stream, partition), (offset, hlc, type, buffer, index, length) -> {
            if (type == RecordType.EVENT) {
                consumer.accept(EventReader.read(buffer, index, length));
            }
            return true;
        });
    }
}
