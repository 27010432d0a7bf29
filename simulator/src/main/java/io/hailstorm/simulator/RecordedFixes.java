package io.hailstorm.simulator;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Recorded fixes of a fleet. Read from CSV, plain or gzip, columns found by header:
 * {@code vehicle_id,epoch_ms,lat,lon[,occupied]}, others are ignored. Sorted by time, ties in file order; kept in
 * primitive columns, about 25 bytes a row.
 *
 * <p>A vehicle's driver id is a hash of its {@code vehicle_id}: the same in every run.
 */
public final class RecordedFixes {
    private static final List<String> COLUMNS = List.of("vehicle_id", "epoch_ms", "lat", "lon");
    private static final int INDEX_BITS = 28;

    private final long[] epochMs;
    private final long[] points;
    private final int[] vehicleAndOccupied;
    private final long[] drivers;
    private final long malformed;

    private RecordedFixes(long[] epochMs, long[] points, int[] vehicleAndOccupied, long[] drivers, long malformed) {
        this.epochMs = epochMs;
        this.points = points;
        this.vehicleAndOccupied = vehicleAndOccupied;
        this.drivers = drivers;
        this.malformed = malformed;
    }

    /**
     * Reads the rows of a time window.
     *
     * @param from inclusive
     * @param until exclusive
     * @param messages takes a line for each of the first malformed rows (file, line, reason), then a count
     * @throws HailstormException when the file cannot be read, or has no usable row in the window
     */
    public static RecordedFixes read(
            Path file, Optional<Instant> from, Optional<Instant> until, Consumer<String> messages) {
        CsvRows rows = new CsvRows(file, COLUMNS, List.of("vehicle_id"), from, until, messages);
        LongColumn times = new LongColumn();
        LongColumn points = new LongColumn();
        LongColumn vehicles = new LongColumn();
        Map<String, Integer> indexByVehicle = new HashMap<>();
        List<String> names = new ArrayList<>();
        rows.forEach((row, atMs) -> {
            long point = row.pointE7("lat", "lon");
            boolean occupied = row.has("occupied") && occupied(row);
            Integer index = indexByVehicle.computeIfAbsent(row.text("vehicle_id"), name -> {
                names.add(name);
                return names.size() - 1;
            });
            times.add(atMs);
            points.add(point);
            vehicles.add((long) index << 1 | (occupied ? 1 : 0));
        });
        return sorted(file, times, points, vehicles, driverIds(names), rows.malformedCount());
    }

    private static boolean occupied(CsvRows.Row row) throws CsvRows.MalformedRow {
        String text = row.text("occupied");
        return switch (text) {
            case "1" -> true;
            case "0", "" -> false;
            default -> throw new CsvRows.MalformedRow("occupied is neither 0 nor 1: \"" + text + "\"");
        };
    }

    private static RecordedFixes sorted(
            Path file, LongColumn times, LongColumn points, LongColumn vehicles, long[] drivers, long malformed) {
        int size = times.size();
        if (size >= 1 << INDEX_BITS) {
            throw new HailstormException(
                    ErrorCode.OUT_OF_RANGE,
                    "too many rows in " + file + ": max=" + (1 << INDEX_BITS) + ", got=" + size
                            + "; choose a shorter window with --from and --until");
        }
        int[] order = order(times);
        long[] sortedTimes = new long[size];
        long[] sortedPoints = new long[size];
        int[] sortedVehicles = new int[size];
        for (int i = 0; i < size; i++) {
            sortedTimes[i] = times.get(order[i]);
            sortedPoints[i] = points.get(order[i]);
            sortedVehicles[i] = (int) vehicles.get(order[i]);
        }
        return new RecordedFixes(sortedTimes, sortedPoints, sortedVehicles, drivers, malformed);
    }

    /** Indexes by time, ties in file order; a file already in order costs one pass. */
    private static int[] order(LongColumn times) {
        int size = times.size();
        int[] order = new int[size];
        boolean inOrder = true;
        for (int i = 0; i < size; i++) {
            order[i] = i;
            inOrder &= i == 0 || times.get(i - 1) <= times.get(i);
        }
        if (inOrder) {
            return order;
        }
        Integer[] boxed = new Integer[size];
        for (int i = 0; i < size; i++) {
            boxed[i] = i;
        }
        Arrays.sort(boxed, java.util.Comparator.comparingLong(times::get)); // stable
        for (int i = 0; i < size; i++) {
            order[i] = boxed[i];
        }
        return order;
    }

    private static long[] driverIds(List<String> names) {
        long[] drivers = new long[names.size()];
        Map<Long, String> seen = new HashMap<>();
        for (int i = 0; i < drivers.length; i++) {
            drivers[i] = driverIdOf(names.get(i));
            String other = seen.putIfAbsent(drivers[i], names.get(i));
            if (other != null) {
                throw new HailstormException(
                        ErrorCode.ALREADY_EXISTS,
                        "two vehicles have the same driver id " + drivers[i] + ": \"" + other + "\" and \""
                                + names.get(i) + "\"; rename one");
            }
        }
        return drivers;
    }

    /** The driver id of a recorded vehicle: 63 bits, never 0. */
    public static long driverIdOf(String vehicleId) {
        long hash = vehicleId.length();
        for (int i = 0; i < vehicleId.length(); i++) {
            hash = CounterRandom.mix(hash ^ vehicleId.charAt(i));
        }
        return Math.max(1, hash >>> 1);
    }

    /** The same fixes, all this much later. */
    public RecordedFixes shiftedBy(long deltaMs) {
        long[] shifted = Arrays.stream(epochMs).map(atMs -> atMs + deltaMs).toArray();
        return new RecordedFixes(shifted, points, vehicleAndOccupied, drivers, malformed);
    }

    public int size() {
        return epochMs.length;
    }

    public int vehicleCount() {
        return drivers.length;
    }

    public long malformedCount() {
        return malformed;
    }

    /** Time of the first fix: where virtual time begins when nothing else says so. */
    public long startMs() {
        return epochMs[0];
    }

    /** Time of the last fix. */
    public long endMs() {
        return epochMs[epochMs.length - 1];
    }

    long epochMs(int index) {
        return epochMs[index];
    }

    int latE7(int index) {
        return (int) (points[index] >> 32);
    }

    int lonE7(int index) {
        return (int) points[index];
    }

    /** Position of the row's vehicle in the fleet, in order of first appearance in the file. */
    int vehicle(int index) {
        return vehicleAndOccupied[index] >>> 1;
    }

    boolean isOccupied(int index) {
        return (vehicleAndOccupied[index] & 1) != 0;
    }

    long driver(int vehicle) {
        return drivers[vehicle];
    }
}
