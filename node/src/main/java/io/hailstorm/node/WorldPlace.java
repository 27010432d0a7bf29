package io.hailstorm.node;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.geo.Region;
import io.hailstorm.ingest.IngestConfig;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.StreamConfig;
import io.hailstorm.pricing.HmacSha256Signer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What all simulated worlds of this process share, because it never changes and takes long to make: a city of a dozen routing
 * cells, keys, and the bounds of a node small enough to be opened thousands of times.
 */
final class WorldPlace {
    static final WorldPlace INSTANCE = new WorldPlace();

    private static final double WEST = -122.46;
    private static final double EAST = -122.38;
    private static final String CITY = """
        {"type": "FeatureCollection", "name": "world", "timeZone": "UTC",
         "speedsKmhByHour": [30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
                             30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
         "features": [
          {"type": "Feature", "properties": {"kind": "region", "name": "world"},
           "geometry": {"type": "Polygon", "coordinates":
            [[[WEST, 37.72], [WEST, 37.795], [EAST, 37.795], [EAST, 37.72], [WEST, 37.72]]]}},
          {"type": "Feature", "properties": {"kind": "service_area", "name": "world"},
           "geometry": {"type": "Polygon", "coordinates":
            [[[WEST, 37.72], [WEST, 37.795], [EAST, 37.795], [EAST, 37.72], [WEST, 37.72]]]}},
          {"type": "Feature", "properties": {"kind": "hot_spot", "name": "middle", "weight": 1, "sigmaMeters": 4000},
           "geometry": {"type": "Point", "coordinates": [-122.42, 37.76]}}
         ]}
        """;
    private static final long MS = 1_000_000;
    private static final int FIXES_SEGMENT_BYTES = 48 << 10;
    private static final int SEGMENT_BYTES = 32 << 10;
    private static final int SMALL_SEGMENT_BYTES = 16 << 10;
    private static final int RING_BYTES = 1 << 16;
    private static final int FEW = 64;

    final City city = city(WEST, EAST, "world");
    final Cells cells = new WorldCells(Cells.create());
    /** Ascending. */
    final List<Long> routingCells = List.copyOf(city.region().routingCells());

    final HmacSha256Signer quoteKey = new HmacSha256Signer(new byte[HmacSha256Signer.KEY_BYTES_MIN]);
    /** Counts nothing. */
    final MeterRegistry metrics = new CompositeMeterRegistry();

    final IngestConfig ingest = tiny(IngestConfig.defaults());

    private final Map<Integer, List<Region>> areasByCount = new HashMap<>();

    private WorldPlace() {}

    private static City city(double west, double east, String region) {
        return City.parse(CITY.replace("WEST", Double.toString(west))
                .replace("EAST", Double.toString(east))
                .replace(
                        "\"kind\": \"region\", \"name\": \"world\"",
                        "\"kind\": \"region\", \"name\": \"" + region + "\""));
    }

    /** Of a city cut into several. */
    static String areaName(int index) {
        return "area-" + index;
    }

    /** The city cut from north to south into as many regions. */
    List<Region> areas(int regionCount) {
        return areasByCount.computeIfAbsent(regionCount, count -> {
            List<Region> areas = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                double width = (EAST - WEST) / count;
                areas.add(city(WEST + i * width, WEST + (i + 1) * width, areaName(i))
                        .region());
            }
            return areas;
        });
    }

    /** Somewhere in the city: a corner of the square, the diagonal, or between. */
    GeoPoint point(int latitudePercent, int longitudePercent) {
        return GeoPoint.ofDegrees(37.722 + 0.071 * latitudePercent / 100, -122.458 + 0.076 * longitudePercent / 100);
    }

    LogConfig log(int partitionCount, int commitMs) {
        Map<StreamName, StreamConfig> streams = new EnumMap<>(StreamName.class);
        streams.put(StreamName.FIXES, stream(FIXES_SEGMENT_BYTES, commitMs));
        streams.put(StreamName.TRIPS, stream(SEGMENT_BYTES, commitMs));
        streams.put(StreamName.PRICES, stream(SEGMENT_BYTES, commitMs));
        streams.put(StreamName.CONTROL, stream(SMALL_SEGMENT_BYTES, commitMs));
        streams.put(StreamName.LATE, stream(FIXES_SEGMENT_BYTES, commitMs));
        streams.put(StreamName.DEAD_LETTERS, stream(SMALL_SEGMENT_BYTES, commitMs));
        return new LogConfig(partitionCount, streams);
    }

    private static StreamConfig stream(int segmentBytes, int commitMs) {
        return new StreamConfig(
                AckLevel.DISK,
                commitMs * MS,
                4 << 10,
                segmentBytes,
                segmentBytes / 2,
                StreamConfig.UNLIMITED,
                StreamConfig.UNLIMITED);
    }

    private static IngestConfig tiny(IngestConfig of) {
        return new IngestConfig(
                of.host(),
                of.port(),
                of.eventLoopCount(),
                of.maxConnections(),
                of.maxStreamsPerConnection(),
                of.maxMessageBytes(),
                of.keepAliveTimeMs(),
                of.keepAliveTimeoutMs(),
                of.maxConnectionAgeMs(),
                16 * FEW,
                FEW,
                RING_BYTES,
                FEW,
                FEW,
                FEW,
                16 * FEW,
                16 * FEW,
                FEW,
                of.latenessMs(),
                of.maxClockAheadMs(),
                of.reorderMs(),
                of.reorderCapacity(),
                false,
                of.driverBatchesPerSecond(),
                of.driverBatchBurst(),
                of.riderCallsPerSecond(),
                of.riderCallBurst());
    }
}
