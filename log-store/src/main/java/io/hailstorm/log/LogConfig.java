package io.hailstorm.log;

import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.StreamName;
import java.util.EnumMap;
import java.util.Map;

/**
 * How a log is stored: the number of partitions, fixed when the log is first created, and one {@link StreamConfig} a
 * stream.
 *
 * @param keyset encrypts new segments, unless it is {@link LogKeyset#NONE}
 */
public record LogConfig(int partitionCount, Map<StreamName, StreamConfig> streams, LogKeyset keyset) {
    public static final int PARTITION_COUNT_DEFAULT = 4;
    public static final long FIXES_RETENTION_MS_DEFAULT = 6L * 60 * 60 * 1000;

    private static final int MIB = 1 << 20;
    private static final long MS = 1_000_000;

    public LogConfig {
        Invariants.require(
                partitionCount >= 1 && partitionCount <= 4096, "partitions: expected 1..4096, got %d", partitionCount);
        streams = Map.copyOf(streams);
        for (StreamName stream : StreamName.values()) {
            Invariants.require(streams.containsKey(stream), "no configuration for stream %s", stream);
        }
    }

    /** Not encrypted. */
    public LogConfig(int partitionCount, Map<StreamName, StreamConfig> streams) {
        this(partitionCount, streams, LogKeyset.NONE);
    }

    /** The shipped defaults: every stream acknowledged after fsync. */
    public static LogConfig defaults(int partitionCount) {
        Map<StreamName, StreamConfig> streams = new EnumMap<>(StreamName.class);
        long forever = StreamConfig.UNLIMITED;
        streams.put(StreamName.FIXES, disk(5 * MS, 128 * MIB, FIXES_RETENTION_MS_DEFAULT));
        streams.put(StreamName.TRIPS, disk(2 * MS, 16 * MIB, forever));
        streams.put(StreamName.PRICES, disk(5 * MS, 16 * MIB, FIXES_RETENTION_MS_DEFAULT));
        streams.put(StreamName.CONTROL, disk(2 * MS, 4 * MIB, forever));
        streams.put(StreamName.LATE, disk(5 * MS, 16 * MIB, FIXES_RETENTION_MS_DEFAULT));
        streams.put(StreamName.DEAD_LETTERS, disk(5 * MS, 4 * MIB, forever));
        return new LogConfig(partitionCount, streams);
    }

    private static StreamConfig disk(long commitIntervalNs, int segmentBytes, long retentionMs) {
        int backlogBytesMax = Math.min(16 * MIB, segmentBytes / 2);
        return new StreamConfig(
                AckLevel.DISK,
                commitIntervalNs,
                MIB,
                segmentBytes,
                backlogBytesMax,
                retentionMs,
                StreamConfig.UNLIMITED);
    }

    public StreamConfig stream(StreamName name) {
        StreamConfig config = streams.get(name);
        if (config == null) {
            throw new IllegalStateException("the constructor checks that every stream is there");
        }
        return config;
    }

    public LogConfig withStream(StreamName name, StreamConfig config) {
        Map<StreamName, StreamConfig> changed = new EnumMap<>(streams);
        changed.put(name, config);
        return new LogConfig(partitionCount, changed, keyset);
    }

    public LogConfig withKeyset(LogKeyset keys) {
        return new LogConfig(partitionCount, streams, keys);
    }
}
