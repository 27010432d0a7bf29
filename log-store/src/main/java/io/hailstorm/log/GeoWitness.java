package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import java.nio.file.Path;
import java.util.Map;

/** The register of {@link Tenure}s: a third party to the regions, which says who writes. One thread. */
public final class GeoWitness implements AutoCloseable {
    private GeoWitness() {}

    /**
     * Opens the register of a directory; creates it when there is none.
     *
     * @param timings the members'
     */
    public static GeoWitness open(Disk disk, Path directory, GeoTransport transport, GeoLogConfig.Timings timings) {
        return new GeoWitness();
    }

    /**
     * Answers what came.
     *
     * @param nowNs monotonic nanoseconds
     * @return amount of work done
     */
    public int doWork(long nowNs) {
        return 0;
    }

    /** What the register says, by region. */
    public Map<String, Tenure> tenures() {
        return Map.of();
    }

    @Override
    public void close() {}
}
