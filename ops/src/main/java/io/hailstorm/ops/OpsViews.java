package io.hailstorm.ops;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.ops.FrameEncoder.Headline;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.TripState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The shapes of {@code /api}'s answers; component names are the JSON's keys. 64-bit ids are text, because JSON
 * readers lose their low bits: cells in H3's hexadecimal form, drivers and riders in decimal.
 */
final class OpsViews {
    private OpsViews() {}

    record Summary(
            String region,
            String version,
            long nowMs,
            long uptimeMs,
            long mapEpoch,
            VehicleCounts vehicles,
            TripCounts trips,
            Rates ratesPerS,
            WaitsView waits,
            PricesView prices,
            List<RoundView> rounds,
            List<PartitionView> partitions,
            Map<String, Double> figures) {}

    record VehicleCounts(int total, int offline, int idle, int enRoute, int onTrip, int sampleShift) {}

    record TripCounts(
            int open,
            Map<TripState, Integer> openByState,
            long requested,
            long completed,
            long cancelled,
            long expired) {}

    record Rates(double fixes, double quotes, double requests, double offers, double completions) {}

    record WaitsView(long p50Ms, long p95Ms, int count) {}

    record PricesView(long version, int cells, int surgedCells, int multiplierMilliMax, int multiplierMilliMean) {}

    /** @param solveMs null when not known */
    record RoundView(
            long round,
            long timeMs,
            int riders,
            int drivers,
            int edges,
            int offers,
            String policy,
            @Nullable Double solveMs) {}

    record PartitionList(long mapEpoch, List<PartitionView> partitions) {}

    record PartitionView(int partition, int cells, long lagRecords, long lagMs, List<TailView> streams) {}

    record TailView(
            String stream,
            long startOffset,
            long readOffset,
            long durableOffset,
            long endOffset,
            long lagRecords,
            long skippedRecords) {}

    /** @param boundary corners as [lon, lat]; null unless asked for */
    record CellView(
            String cell,
            double lat,
            double lon,
            int partition,
            int supply,
            int demand,
            int multiplierMilli,
            @Nullable List<List<Double>> boundary) {}

    record PointView(double lat, double lon) {}

    record TripView(
            String trip,
            TripState state,
            String rider,
            @Nullable String driver,
            long requestTimeMs,
            long lastTimeMs,
            @Nullable Long waitMs,
            int offers,
            PointView pickup,
            PointView dropoff,
            long fareMinorUnits,
            int multiplierMilli) {}

    record MomentView(
            String what,
            TripState state,
            long timeMs,
            long sinceRequestMs,
            @Nullable String driver,
            String detail) {}

    record TimelineView(TripView trip, List<MomentView> timeline, int momentsLeftOut) {}

    static Summary summary(
            NodeStatus status,
            Headline headline,
            EventFold events,
            CellTable cells,
            int sampleShift,
            List<PartitionView> partitions,
            long fixTotal,
            long undecodableCount) {
        long nowMs = headline.timeMs();
        Map<String, Double> figures = new LinkedHashMap<>(status.figures());
        figures.put("fixesRead", (double) fixTotal);
        figures.put("undecodableRecords", (double) undecodableCount);
        int total = headline.offlineCount() + headline.idleCount() + headline.enRouteCount() + headline.onTripCount();
        return new Summary(
                status.region().value(),
                status.version(),
                nowMs,
                status.uptimeMs(),
                status.partitionMap().epoch(),
                new VehicleCounts(
                        total,
                        headline.offlineCount(),
                        headline.idleCount(),
                        headline.enRouteCount(),
                        headline.onTripCount(),
                        sampleShift),
                new TripCounts(
                        headline.openTripCount(),
                        events.trips().openByState(),
                        events.requests().total(),
                        events.completions().total(),
                        events.cancellations().total(),
                        events.expiries().total()),
                new Rates(
                        headline.fixesPerS(),
                        events.quotes().perS(nowMs),
                        headline.requestsPerS(),
                        headline.offersPerS(),
                        headline.completionsPerS()),
                new WaitsView(
                        headline.waitP50Ms(),
                        headline.waitP95Ms(),
                        events.waits(nowMs).count()),
                new PricesView(
                        headline.priceVersion(),
                        cells.pricedCount(),
                        cells.surgedCount(),
                        headline.multiplierMilliMax(),
                        headline.multiplierMilliMean()),
                events.rounds().rounds().stream()
                        .map(round -> round(round, status))
                        .toList(),
                partitions,
                figures);
    }

    private static RoundView round(RoundLog.Round round, NodeStatus status) {
        double solveMs = status.solveMs(round.round());
        return new RoundView(
                round.round(),
                round.timeMs(),
                round.riderCount(),
                round.driverCount(),
                round.edgeCount(),
                round.offerCount(),
                round.policy(),
                solveMs < 0 ? null : solveMs);
    }

    static PartitionView partition(int partition, int cellCount, List<LogTail> tails, long nowMs) {
        return new PartitionView(
                partition,
                cellCount,
                tails.stream().mapToLong(LogTail::lagRecords).sum(),
                tails.stream().mapToLong(tail -> tail.lagMs(nowMs)).max().orElse(0),
                tails.stream()
                        .map(tail -> new TailView(
                                tail.log().stream().text(),
                                tail.log().startOffset(),
                                tail.nextOffset(),
                                tail.log().durableOffset(),
                                tail.log().endOffset(),
                                tail.lagRecords(),
                                tail.skippedCount()))
                        .toList());
    }

    static List<CellView> cells(CellTable table, Cells cells, PartitionMap map, boolean withBoundary) {
        List<CellView> views = new ArrayList<>();
        for (int i = 0; i < table.count(); i++) {
            long cell = table.cell(i);
            GeoPoint center = cells.center(cell);
            views.add(new CellView(
                    Long.toHexString(cell),
                    center.latDegrees(),
                    center.lonDegrees(),
                    map.partitionOf(cell),
                    table.supply(i),
                    table.demand(i),
                    table.multiplierMilli(i),
                    withBoundary ? ring(cells.boundary(cell)) : null));
        }
        return views;
    }

    /** A GeoJSON linear ring: [lon, lat], closed. */
    static List<List<Double>> ring(List<GeoPoint> corners) {
        List<List<Double>> ring = new ArrayList<>();
        for (GeoPoint corner : corners) {
            ring.add(List.of(corner.lonDegrees(), corner.latDegrees()));
        }
        if (!corners.isEmpty() && !corners.getFirst().equals(corners.getLast())) {
            ring.add(ring.getFirst());
        }
        return ring;
    }

    static TripView trip(TripBook.TripLine line) {
        return new TripView(
                line.trip(),
                line.state(),
                Long.toString(line.rider()),
                driver(line.driver()),
                line.requestTimeMs(),
                line.lastTimeMs(),
                line.waitMs() < 0 ? null : line.waitMs(),
                line.offerCount(),
                point(line.pickup()),
                point(line.dropoff()),
                line.fareMinorUnits(),
                line.multiplierMilli());
    }

    static TimelineView timeline(TripBook.TripTimeline timeline) {
        return new TimelineView(
                trip(timeline.line()),
                timeline.moments().stream()
                        .map(moment -> new MomentView(
                                moment.what(),
                                moment.state(),
                                moment.timeMs(),
                                moment.sinceRequestMs(),
                                driver(moment.driver()),
                                moment.detail()))
                        .toList(),
                timeline.momentsLeftOut());
    }

    private static @Nullable String driver(long driver) {
        return driver == TripBook.NO_DRIVER ? null : Long.toString(driver);
    }

    private static PointView point(Point point) {
        return new PointView(point.getLatE7() / 1e7, point.getLonE7() / 1e7);
    }
}
