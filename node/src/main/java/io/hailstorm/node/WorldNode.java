package io.hailstorm.node;

import io.hailstorm.ingest.EdgeServices;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.GeoLog;
import io.hailstorm.log.GeoLogConfig;
import io.hailstorm.log.GeoMember;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.LogReader;
import io.hailstorm.protocol.v1.DriverServiceGrpc.DriverServiceImplBase;
import io.hailstorm.protocol.v1.RiderServiceGrpc.RiderServiceImplBase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A region's process and the machine under it: the production core on the production log, on a disk that fails. */
final class WorldNode {
    private static final Path DIRECTORY = Path.of("/node");
    private static final long CHECKPOINT_MS = 700;
    private static final GeoLogConfig.Timings TIMINGS = new GeoLogConfig.Timings(60, 500, 350, 100, 1_500);
    private static final int NEVER = Integer.MAX_VALUE;

    /** A process, until it dies. */
    record Life(long number, Log log, RegionCore core, DriverServiceImplBase drivers, RiderServiceImplBase riders) {
        boolean isReady() {
            return !(log instanceof GeoLog geo) || geo.isReady();
        }
    }

    private final int index;
    private final WorldPlan plan;
    private final LogConfig config;
    private final WorldTime time;
    private final WorldNetwork network;
    private final Runnable onSync;
    private final Runnable onEvent;
    private FaultyDisk disk = FaultyDisk.onHeap();
    private WorldSessions sessions = new WorldSessions();
    private @Nullable Life process;
    private boolean isServing;
    private int dyingAfter = NEVER;
    private long startCount;
    private long startFromNs;
    private boolean isDiskFaulty;
    private boolean isSyncFaulty;

    /**
     * @param onSync called within every sync
     * @param onEvent called when it has appended a step of a move or of a hand-over
     */
    WorldNode(int index, WorldPlan plan, WorldNetwork network, TimeSource time, Runnable onSync, Runnable onEvent) {
        this.onEvent = onEvent;
        this.network = network;
        this.index = index;
        this.plan = plan;
        this.time = new WorldTime(time);
        this.onSync = onSync;
        config = WorldPlace.INSTANCE.log(plan.partitionCount(), plan.shape().commitMs());
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
        return name(index);
    }

    private static String name(int index) {
        return "region-" + index;
    }

    WorldTime time() {
        return time;
    }

    FaultyDisk disk() {
        return disk;
    }

    @Nullable
    Life process() {
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
    Life open() {
        Safeguards safeguards = plan.safeguards();
        Log log = openLog();
        Log watched = new WorldLog(log, this::maybeDie, onEvent, safeguards);
        WorldPlace place = WorldPlace.INSTANCE;
        RegionCore core = new RegionCore(
                new CoreConfig(
                        place.city,
                        place.areas(plan.regionCount()),
                        place.cells,
                        plan.partitionCount(),
                        "batch",
                        place.ingest,
                        CHECKPOINT_MS,
                        plan.shape().copyPortionRecords(),
                        false),
                watched,
                plan.regionCount() == 1 ? ServedPartitions.alone(watched) : ServedPartitions.shared(watched, name()),
                time,
                time,
                place.quoteKey,
                place.metrics,
                safeguards);
        Life opened = new Life(
                ++startCount,
                log,
                core,
                EdgeServices.drivers(core.ingest(), time),
                EdgeServices.riders(core.ingest(), time));
        process = opened;
        return opened;
    }

    private Log openLog() {
        if (plan.regionCount() == 1) {
            return EmbeddedLog.open(config, disk, time, DIRECTORY);
        }
        List<GeoMember> members = new ArrayList<>();
        for (int i = 0; i < plan.regionCount(); i++) {
            members.add(new GeoMember(name(i), name(i), i * plan.partitionsPerRegion(), plan.partitionsPerRegion()));
        }
        GeoLogConfig geo = GeoLogConfig.defaults(name(), members, WorldWitness.NAME)
                .withHandBackWhenCaughtUp(plan.shape().handsBack())
                .withTimings(TIMINGS);
        return GeoLog.open(geo, config, network.join(name(), this::maybeDie), disk, time, DIRECTORY, plan.safeguards());
    }

    /** Its log as another process reads it. */
    LogReader reader() {
        return LogReader.open(disk, DIRECTORY);
    }

    /** One turn of the region's thread. */
    void regionTurn(Life running) {
        if (isServing) {
            running.core().turn();
        } else if (running.isReady() && running.core().tryFindMap()) {
            running.core().recover(sessions);
            isServing = true;
        }
    }

    void logTurn(Life running) {
        running.log().doWork(time.monotonicNs());
    }

    void maintenanceTurn(Life running) {
        if (isServing) {
            running.core().checkpointer().doWork();
        }
        running.log().doMaintenance(time.monotonicNs());
    }

    /** Whether nobody starts it yet. */
    boolean isDown() {
        return process == null && time.monotonicNs() < startFromNs;
    }

    void downFor(long ms) {
        startFromNs = time.monotonicNs() + WorldTime.ns(ms);
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
