package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.log.GeoWitness;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The register's process and its machine in a simulated world. */
final class WorldWitness {
    static final String NAME = "witness";

    private static final Path DIRECTORY = Path.of("/witness");
    private static final int NEVER = Integer.MAX_VALUE;

    private final WorldNetwork network;
    private final TimeSource time;
    private FaultyDisk disk = FaultyDisk.onHeap();
    private @Nullable GeoWitness witness;
    private int dyingAfter = NEVER;
    private long startFromNs;

    WorldWitness(WorldNetwork network, TimeSource time) {
        this.network = network;
        this.time = time;
    }

    /** Dies within so many more answers, before or after one. */
    void dieAfter(int count) {
        dyingAfter = count;
    }

    void turn() {
        GeoWitness running = witness;
        if (running == null) {
            if (time.monotonicNs() < startFromNs) {
                return;
            }
            running = GeoWitness.open(disk, DIRECTORY, network.join(NAME, this::maybeDie));
            witness = running;
        }
        running.doWork(time.monotonicNs());
    }

    private void maybeDie() {
        if (dyingAfter != NEVER && --dyingAfter <= 0) {
            dyingAfter = NEVER;
            throw new WorldCrash();
        }
    }

    void die(boolean isMachine, SplittableRandom random, long downMs) {
        witness = null;
        dyingAfter = NEVER;
        disk = isMachine ? disk.crash(random.nextLong()) : disk.kill();
        startFromNs = time.monotonicNs() + WorldTime.ns(downMs);
    }

    void startNow() {
        startFromNs = 0;
        dyingAfter = NEVER;
    }
}
