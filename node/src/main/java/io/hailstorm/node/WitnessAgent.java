package io.hailstorm.node;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.GeoWitness;
import io.hailstorm.log.MappedDisk;
import io.hailstorm.log.Tenure;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A witness with the thread that works it; wherever its members are. */
final class WitnessAgent implements AutoCloseable {
    private static final long PARK_NS = 2_000_000;

    private final GeoWitness witness;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AgentLoop loop;
    private volatile Map<String, Tenure> tenures;

    private WitnessAgent(GeoWitness witness, RegionNetwork network, TimeSource wall) {
        this.witness = witness;
        tenures = witness.tenures();
        loop = new AgentLoop(
                        "hailstorm-witness",
                        PARK_NS,
                        () -> work(wall.monotonicNs()),
                        thrown -> failure.compareAndSet(null, thrown))
                .start();
        network.onArrival(loop::nudge);
    }

    private int work(long nowNs) {
        int work = witness.doWork(nowNs);
        if (work > 0) {
            tenures = witness.tenures();
        }
        return work;
    }

    /** Who writes for which region, by region; any thread. */
    Map<String, Tenure> tenures() {
        return tenures;
    }

    /** Opens the register in a directory, and works it. */
    static WitnessAgent open(Path directory, RegionNetwork network, TimeSource wall) {
        return new WitnessAgent(GeoWitness.open(new MappedDisk(), directory, network), network, wall);
    }

    /** @throws HailstormException when its thread ended by a failure */
    void requireHealthy() {
        Throwable thrown = failure.get();
        if (thrown != null) {
            throw new HailstormException(ErrorCode.INTERNAL, "the witness failed: " + thrown.getMessage(), thrown);
        }
    }

    /** Before its network. */
    @Override
    public void close() {
        loop.close();
        witness.close();
    }
}
