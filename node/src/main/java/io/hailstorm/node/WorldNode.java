package io.hailstorm.node;

import io.hailstorm.ingest.EdgeServices;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.protocol.v1.DriverServiceGrpc.DriverServiceImplBase;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A region's process and the machine under it: the production core on the production log, on a disk that fails. */
final class WorldNode {
    private static final Path DIRECTORY = Path.of("/node");
    private static final long CHECKPOINT_MS = 700;
    private static final int NEVER = Integer.MAX_VALUE;

    /** A process, until it dies. */
    record Process(Log log, RegionCore core, DriverServiceImplBase drivers) {}

    private final int index;
    private final WorldPlan plan;
    private final LogConfig config;
    private final WorldTime time;
    private final Runnable onSync;
    private FaultyDisk disk = FaultyDisk.onHeap();
    private WorldSessions sessions = new WorldSessions();
    private @Nullable Process process;
    private boolean isServing;
    private int dyingAfter = NEVER;
    private boolean isDiskFaulty;
    private boolean isSyncFaulty;

    /** @param onSync called within every sync */
    WorldNode(int index, WorldPlan plan, TimeSource time, Runnable onSync) {
        this.index = index;
        this.plan = plan;
        this.time = new WorldTime(time);
        this.onSync = onSync;
        config = WorldPlace.INSTANCE.log(plan.partitionCount());
        watchDisk();
    }

    private void watchDisk() {
        disk.onSync(() -> {
            onSync.run();
            maybeDie();
        });
    }

    int index() {
        return index;
    }

    String name() {
        return "region-" + index;
    }

    WorldTime time() {
        return time;
    }

    FaultyDisk disk() {
        return disk;
    }

    @Nullable
    Process process() {
        return process;
    }

    boolean isServing() {
        return isServing;
    }

    /** Whether its disk was told to fail, so that its process may give up. */
    boolean isDiskFaulty() {
        return isDiskFaulty;
    }

    void diskFaulty(boolean is) {
        isDiskFaulty = is;
        isSyncFaulty &= is;
    }

    /** Whether its disk was told to fail syncs, and so to lose what they should have written. */
    boolean isSyncFaulty() {
        return isSyncFaulty;
    }

    void syncFaulty() {
        isDiskFaulty = true;
        isSyncFaulty = true;
    }

    /** The machine is to die within so many more appends and syncs. */
    void dieAfter(int count) {
        dyingAfter = count;
    }

    private void maybeDie() {
        if (dyingAfter != NEVER && --dyingAfter <= 0) {
            dyingAfter = NEVER;
            throw new WorldCrash();
        }
    }

    /** Starts the process; it recovers in the turns that follow. */
    Process open() {
        Safeguards safeguards = plan.safeguards();
        Log log = EmbeddedLog.open(config, disk, time, DIRECTORY);
        Log watched = new WorldLog(log, this::maybeDie, safeguards);
        WorldPlace place = WorldPlace.INSTANCE;
        RegionCore core = new RegionCore(
                new CoreConfig(place.city, plan.partitionCount(), "batch", place.ingest, CHECKPOINT_MS),
                watched,
                ServedPartitions.alone(watched),
                time,
                time,
                place.quoteKey,
                place.metrics,
                safeguards);
        Process opened = new Process(log, core, EdgeServices.drivers(core.ingest(), time));
        process = opened;
        return opened;
    }

    /** One turn of the region's thread. */
    void regionTurn(Process running) {
        if (isServing) {
            running.core().turn();
        } else if (running.core().tryFindMap()) {
            running.core().recover(sessions);
            isServing = true;
        }
    }

    void logTurn(Process running) {
        running.log().doWork(time.monotonicNs());
    }

    void maintenanceTurn(Process running) {
        if (isServing) {
            running.core().checkpointer().doWork();
        }
        running.log().doMaintenance(time.monotonicNs());
    }

    /** The process is gone; the machine's page cache survives, or not. */
    void die(boolean isMachine, SplittableRandom random) {
        process = null;
        isServing = false;
        dyingAfter = NEVER;
        if (isMachine) {
            disk = disk.crash(random.nextLong());
            if (random.nextBoolean()) {
                sessions = new WorldSessions();
            }
        } else {
            disk = disk.kill();
        }
        watchDisk();
    }
}
