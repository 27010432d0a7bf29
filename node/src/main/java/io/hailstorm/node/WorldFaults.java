package io.hailstorm.node;

import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.node.WorldPlan.Fault;
import java.util.SplittableRandom;

/** Draws what goes wrong next with a node's machine, of the kinds its plan has, and puts it right again later. */
final class WorldFaults {
    private static final int SKEW_MAX_MS = 4_000;
    private static final int INSIDE_MAX = 12;

    /** What the world has to do about a fault that was drawn. */
    enum Death {
        NONE,
        CRASH,
        KILL,
        WITNESS,
        WITNESS_INSIDE
    }

    private final WorldPlan plan;
    private final SplittableRandom random;
    private final VirtualTime time;
    private final WorldVerdict verdict;
    private final WorldNetwork network;
    private boolean isSlow;

    WorldFaults(WorldPlan plan, SplittableRandom random, VirtualTime time, WorldNetwork network, WorldVerdict verdict) {
        this.network = network;
        this.plan = plan;
        this.random = random;
        this.time = time;
        this.verdict = verdict;
    }

    void onSync() {
        if (isSlow && random.nextInt(4) == 0) {
            time.advanceMs(random.nextInt(250));
        }
    }

    /** Whether whoever dies now takes the machine along. */
    boolean isMachine() {
        return plan.has(Fault.CRASH) && (!plan.has(Fault.KILL) || random.nextBoolean());
    }

    Death draw(WorldNode node) {
        Fault[] all = Fault.values();
        Fault fault = all[random.nextInt(all.length)];
        boolean isQuiet = random.nextInt(10) < 3;
        boolean isOfRegions = fault == Fault.LOSS || fault == Fault.CUT || fault == Fault.WITNESS;
        if (!plan.has(fault) || (isOfRegions && plan.regionCount() == 1)) {
            // What kills is drawn more often, so that every world sees it enough.
            return isQuiet ? Death.NONE : isMachine() ? Death.CRASH : Death.KILL;
        }
        switch (fault) {
            case CRASH -> {
                return Death.CRASH;
            }
            case KILL -> {
                return Death.KILL;
            }
            case CRASH_INSIDE -> node.dieAfter(1 + random.nextInt(INSIDE_MAX));
            case FAILING_SYNC -> {
                verdict.note(node.name() + " syncs will fail");
                node.disk().failSyncs(1 + random.nextInt(3));
                node.syncFaulty();
            }
            case SLOW_SYNC -> isSlow = !isSlow;
            case FULL_DISK -> {
                boolean isFull = node.isDiskFaulty() && random.nextBoolean();
                verdict.note(node.name() + (isFull ? " has room again" : " disk is full"));
                node.disk().limitCapacity(isFull ? Long.MAX_VALUE : node.disk().usedBytes() + random.nextInt(40_000));
                node.diskFaulty(!isFull || node.isSyncFaulty());
            }
            case SKEW -> {
                int skewMs = random.nextInt(2 * SKEW_MAX_MS) - SKEW_MAX_MS;
                verdict.note(node.name() + " clock is off by " + skewMs + " ms");
                node.time().skewMs(skewMs);
            }
            case LOSS -> network.lossy(random.nextBoolean());
            case CUT -> network.cutOrHeal();
            case WITNESS -> {
                return random.nextBoolean() ? Death.WITNESS : Death.WITNESS_INSIDE;
            }
            case MIDDLE -> {} // strikes at its own moments
            case BREAK, RESTART, REORDER -> {
                return isQuiet ? Death.NONE : isMachine() ? Death.CRASH : Death.KILL;
            }
        }
        return Death.NONE;
    }

    /** How long nobody starts what died; long enough for others to take over, now and then. */
    long downMs() {
        return plan.regionCount() == 1 ? 0 : random.nextInt(3) == 0 ? random.nextInt(1_800) : random.nextInt(100);
    }

    int insideMax() {
        return 1 + random.nextInt(INSIDE_MAX);
    }

    /** A new process finds a disk that works. */
    void onDied(WorldNode node) {
        node.diskFaulty(false);
    }

    /** No more of it. */
    void stop(WorldNode node) {
        isSlow = false;
        network.lossy(false);
        network.heal();
        node.time().skewMs(0);
        node.disk().limitCapacity(Long.MAX_VALUE);
        node.disk().failSyncs(0);
        node.dieAfter(Integer.MAX_VALUE);
    }
}
