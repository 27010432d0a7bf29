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
        KILL
    }

    private final WorldPlan plan;
    private final SplittableRandom random;
    private final VirtualTime time;
    private final WorldVerdict verdict;
    private boolean isSlow;

    WorldFaults(WorldPlan plan, SplittableRandom random, VirtualTime time, WorldVerdict verdict) {
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
        if (!plan.has(fault)) {
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
                node.diskFaulty(!isFull);
            }
            case SKEW -> {
                int skewMs = random.nextInt(2 * SKEW_MAX_MS) - SKEW_MAX_MS;
                verdict.note(node.name() + " clock is off by " + skewMs + " ms");
                node.time().skewMs(skewMs);
            }
            case BREAK, RESTART, REORDER -> {
                return isQuiet ? Death.NONE : isMachine() ? Death.CRASH : Death.KILL;
            }
        }
        return Death.NONE;
    }

    /** A new process finds a disk that works. */
    void onDied(WorldNode node) {
        node.diskFaulty(false);
    }

    /** No more of it. */
    void stop(WorldNode node) {
        isSlow = false;
        node.time().skewMs(0);
        node.disk().limitCapacity(Long.MAX_VALUE);
        node.disk().failSyncs(0);
        node.dieAfter(Integer.MAX_VALUE);
    }
}
