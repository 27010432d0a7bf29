package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import java.nio.file.Path;

/** The log of a region with live copies of the other regions' partitions. */
public final class GeoLog implements Log {
    private final GeoLogConfig geo;

    private GeoLog(GeoLogConfig geo) {
        this.geo = geo;
    }

    /**
     * Opens a member's log, recovering every partition; creates it when there is none.
     *
     * @param config its {@code partitionCount} is {@link GeoLogConfig#partitionCount}
     */
    public static GeoLog open(
            GeoLogConfig geo,
            LogConfig config,
            GeoTransport transport,
            Disk disk,
            TimeSource time,
            Path dataDir,
            Safeguards safeguards) {
        return new GeoLog(geo);
    }

    /** Gives a home region's partitions back to it as soon as its copy is complete; does nothing elsewhere than at their primary. Any thread. */
    public void handBack(String region) {}

    /** What this member knows. Any thread; waits for {@link #doWork} to return. */
    public GeoStatus status() {
        return new GeoStatus(
                geo.self(),
                java.util.List.of(),
                java.util.List.of(),
                new GeoStatus.Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    }

    @Override
    public int partitionCount() {
        return geo.partitionCount();
    }

    @Override
    @SuppressWarnings("DoNotCallSuggester")
    public PartitionLog partition(StreamName stream, int partition) {
        throw new HailstormException(ErrorCode.UNIMPLEMENTED, "the geo engine is not built yet");
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public LogStats stats(StreamName stream) {
        return LogStats.NONE;
    }

    @Override
    public void close() {}
}
