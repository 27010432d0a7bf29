package io.hailstorm.simulator;

import io.hailstorm.kernel.GeoPoint;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Recorded demand: a rider asks at each row's time. Read from CSV, plain or gzip, columns found by header:
 * {@code epoch_ms,pickup_lat,pickup_lon,dropoff_lat,dropoff_lon}, others are ignored. Sorted by time, ties in file order.
 */
public final class RecordedTrips {
    private static final List<String> COLUMNS =
            List.of("epoch_ms", "pickup_lat", "pickup_lon", "dropoff_lat", "dropoff_lon");

    private final long[] epochMs;
    private final GeoPoint[] pickups;
    private final GeoPoint[] dropoffs;
    private final long malformed;

    private RecordedTrips(long[] epochMs, GeoPoint[] pickups, GeoPoint[] dropoffs, long malformed) {
        this.epochMs = epochMs;
        this.pickups = pickups;
        this.dropoffs = dropoffs;
        this.malformed = malformed;
    }

    /**
     * Reads the rows of a time window.
     *
     * @param from inclusive
     * @param until exclusive
     * @param messages takes a line for each of the first malformed rows (file, line, reason), then a count
     * @throws io.hailstorm.kernel.HailstormException when the file cannot be read, or has no usable row in the window
     */
    public static RecordedTrips read(
            Path file, Optional<Instant> from, Optional<Instant> until, Consumer<String> messages) {
        CsvRows rows = new CsvRows(file, COLUMNS, List.of(), from, until, messages);
        LongColumn times = new LongColumn();
        LongColumn pickupPoints = new LongColumn();
        LongColumn dropoffPoints = new LongColumn();
        rows.forEach((row, atMs) -> {
            long pickup = row.pointE7("pickup_lat", "pickup_lon");
            long dropoff = row.pointE7("dropoff_lat", "dropoff_lon");
            times.add(atMs);
            pickupPoints.add(pickup);
            dropoffPoints.add(dropoff);
        });
        int[] order = IntStream.range(0, times.size())
                .boxed()
                .sorted(Comparator.comparingLong(times::get).thenComparing(Comparator.<Integer>naturalOrder()))
                .mapToInt(Integer::intValue)
                .toArray();
        return new RecordedTrips(
                Arrays.stream(order).mapToLong(times::get).toArray(),
                Arrays.stream(order)
                        .mapToObj(i -> CsvRows.point(pickupPoints.get(i)))
                        .toArray(GeoPoint[]::new),
                Arrays.stream(order)
                        .mapToObj(i -> CsvRows.point(dropoffPoints.get(i)))
                        .toArray(GeoPoint[]::new),
                rows.malformedCount());
    }

    /** The same trips, all this much later. */
    public RecordedTrips shiftedBy(long deltaMs) {
        long[] shifted = Arrays.stream(epochMs).map(atMs -> atMs + deltaMs).toArray();
        return new RecordedTrips(shifted, pickups, dropoffs, malformed);
    }

    public int size() {
        return epochMs.length;
    }

    public long malformedCount() {
        return malformed;
    }

    /** Time of the first trip: where virtual time begins when nothing else says so. */
    public long startMs() {
        return epochMs[0];
    }

    /** Time of the last trip. */
    public long endMs() {
        return epochMs[epochMs.length - 1];
    }

    long epochMs(int index) {
        return epochMs[index];
    }

    GeoPoint pickup(int index) {
        return pickups[index];
    }

    GeoPoint dropoff(int index) {
        return dropoffs[index];
    }
}
