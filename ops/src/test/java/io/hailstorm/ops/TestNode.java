package io.hailstorm.ops;

import io.hailstorm.geo.City;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.geo.Partitioner;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.TimeSource;
import java.util.List;
import java.util.Map;

/** A node's status over San Francisco; probes can be made to fail. */
final class TestNode implements NodeStatus {
    final City city = City.sf();
    final PartitionMap map;
    final TimeSource time;
    volatile Health ready = Health.OK;

    TestNode(TimeSource time, int partitionCount) {
        this.time = time;
        map = Partitioner.balanced(city.region().routingCells(), city::demandWeight, partitionCount);
    }

    @Override
    public String version() {
        return "0.1.0";
    }

    @Override
    public String build() {
        return "test";
    }

    @Override
    public RegionId region() {
        return new RegionId("sf");
    }

    @Override
    public long nowMs() {
        return time.epochMs();
    }

    @Override
    public long uptimeMs() {
        return time.monotonicNs() / 1_000_000;
    }

    @Override
    public Map<String, String> config() {
        return Map.of("grpc-port", "7100");
    }

    @Override
    public PartitionMap partitionMap() {
        return map;
    }

    @Override
    public List<RegionOutline> outlines() {
        return List.of(new RegionOutline(region(), city.region().outlines()));
    }

    @Override
    public double solveMs(long round) {
        return round % 10 == 9 ? UNKNOWN_SOLVE_MS : 0.4 + (round % 7) * 0.15;
    }

    @Override
    public Map<String, Double> figures() {
        return Map.of("logBytes", 123456.0);
    }

    @Override
    public Health live() {
        return Health.OK;
    }

    @Override
    public Health ready() {
        return ready;
    }

    @Override
    public Health started() {
        return Health.OK;
    }
}
