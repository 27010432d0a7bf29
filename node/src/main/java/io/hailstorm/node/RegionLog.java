package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoLog;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.log.KafkaLog;
import io.hailstorm.log.Log;
import io.hailstorm.log.MappedDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A node's log, whatever keeps it, with the way to other regions where there are any.
 *
 * @param geo the same log, where regions copy each other
 */
record RegionLog(Log log, Optional<GeoLog> geo, Optional<? extends RegionNetwork> network) implements AutoCloseable {
    private static final long READY_NS_MAX = 60_000_000_000L;
    private static final long PAUSE_NS = 1_000_000;

    /** @param network present for one of several regions; closed with the log */
    static RegionLog open(
            NodeConfig config, TimeSource time, DataDirectory data, Optional<? extends RegionNetwork> network) {
        if (config.regions().isEmpty()) {
            Log log = config.kafka().isPresent()
                    ? KafkaLog.open(config.kafka().get(), config.log(), new MappedDisk(), time, data.root())
                    : LogOpening.open(config.log(), time, data.root());
            return new RegionLog(log, Optional.empty(), Optional.empty());
        }
        RegionNetwork way = network.orElseThrow();
        try {
            GeoLog log = GeoLog.open(
                    config.regions().get().geo(),
                    config.log(),
                    way,
                    new MappedDisk(),
                    time,
                    data.root(),
                    Safeguards.ALL);
            return new RegionLog(log, Optional.of(log), network);
        } catch (RuntimeException | Error e) {
            way.close();
            throw e;
        }
    }

    /**
     * Waits, while another thread works the log, until everything there was can be read, which needs the witness, and for most partitions the other regions.
     *
     * @param check throws when that thread has ended
     * @throws HailstormException {@code UNAVAILABLE} naming who did not answer in time
     */
    void awaitReady(TimeSource wall, Runnable check) {
        if (geo.isEmpty()) {
            return;
        }
        long endNs = wall.monotonicNs() + READY_NS_MAX;
        while (!geo.get().isReady()) {
            check.run();
            if (wall.monotonicNs() > endNs) {
                throw new HailstormException(
                        ErrorCode.UNAVAILABLE,
                        "not in line with the other regions after " + READY_NS_MAX / 1_000_000_000 + " s; "
                                + missing(geo.get().status()));
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private String missing(GeoStatus status) {
        List<String> reasons = new ArrayList<>();
        network.filter(way -> !way.isUp(RegionsConfig.WITNESS))
                .ifPresent(way -> reasons.add("no answer from the witness"));
        for (GeoStatus.Region region : status.regions()) {
            String primary = region.tenure().primary();
            boolean isAway = !primary.isEmpty()
                    && !primary.equals(status.self())
                    && network.filter(way -> way.isUp(primary)).isEmpty();
            if (isAway) {
                reasons.add("no answer from " + primary + ", which writes for "
                        + region.tenure().region());
            } else if (primary.isEmpty()) {
                reasons.add("nobody writes for " + region.tenure().region() + " yet");
            }
        }
        return reasons.isEmpty() ? status.regions().toString() : String.join("; ", reasons);
    }

    /** Which partitions this node serves. */
    ServedPartitions served(NodeConfig config) {
        return config.regions()
                .map(regions -> regions.geo().self())
                .or(() -> config.kafka().map(kafka -> kafka.nodeId()))
                .map(nodeId -> ServedPartitions.shared(log, nodeId))
                .orElseGet(() -> ServedPartitions.alone(log));
    }

    /** What the regions' log knows of the others; empty for a log of one region. */
    Optional<GeoStatus> status() {
        return geo.map(GeoLog::status);
    }

    @Override
    public void close() {
        log.close();
        network.ifPresent(RegionNetwork::close);
    }
}
