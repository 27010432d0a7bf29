package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.simulator.Simulation;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** How simulated time moves, and how the nodes get their turns meanwhile. One thread. */
sealed interface Pace {
    /** The clock the nodes run on. */
    TimeSource time();

    /** Moves time on if it may, steps the simulation, and lets the nodes work or waits for them. */
    void advance(Simulation simulation, List<? extends PacedNode> nodes);

    /** Time is the wall's own; the nodes run on threads of their own. */
    record Clocked(TimeSource time) implements Pace {
        private static final long IDLE_NS = 2_000_000;

        @Override
        public void advance(Simulation simulation, List<? extends PacedNode> nodes) {
            if (simulation.step(time.epochMs()) == 0) {
                LockSupport.parkNanos(IDLE_NS);
            }
        }
    }

    /**
     * Time is turned by this loop: at most so many simulated seconds a wall second, and only while acknowledgements come
     * back in time. A machine that cannot keep up gets slower time, never late fixes. The nodes run on threads of their own;
     * where drivers answer offers, each advance waits until each region has had two turns, so that offers and deadlines see
     * every instant. Recorded fixes that are only streamed need no such care and take larger steps.
     */
    final class Paced implements Pace {
        private static final long STEP_MS = 100;
        private static final long OPEN_LOOP_STEP_MS = 1_000;
        private static final long WAIT_NS = 20_000;

        private final TurnedTime time;
        private final double speed;
        private final boolean isOpenLoop;
        private long lastNs;
        private double allowanceMs;

        /** @param speed simulated seconds a wall second at most; infinite for as fast as possible */
        Paced(TurnedTime time, double speed, boolean isOpenLoop) {
            this.time = time;
            this.speed = speed;
            this.isOpenLoop = isOpenLoop;
            this.lastNs = time.monotonicNs();
        }

        @Override
        public TimeSource time() {
            return time;
        }

        @Override
        public void advance(Simulation simulation, List<? extends PacedNode> nodes) {
            long stepMs = isOpenLoop ? OPEN_LOOP_STEP_MS : STEP_MS;
            long nowNs = time.monotonicNs();
            // What could not be used is not saved up: time that was lost stays lost.
            allowanceMs = Math.min(allowanceMs + (nowNs - lastNs) / 1e6 * speed, 2.0 * stepMs);
            lastNs = nowNs;
            if (allowanceMs < stepMs || !simulation.canAdvance()) {
                if (simulation.step(time.epochMs()) == 0) {
                    LockSupport.parkNanos(WAIT_NS);
                }
                return;
            }
            allowanceMs -= stepMs;
            time.advanceTo(time.epochMs() + stepMs);
            simulation.step(time.epochMs());
            if (!isOpenLoop) {
                PacedNode.awaitTurns(nodes, () -> LockSupport.parkNanos(WAIT_NS));
            }
        }
    }

    /** Everything in this thread: a step of time, the clients' turn, then the node's until it has nothing left to do. */
    record Inline(VirtualTime time) implements Pace {
        private static final long STEP_MS = 100;
        private static final int TURNS_MAX = 10_000;

        @Override
        public void advance(Simulation simulation, List<? extends PacedNode> nodes) {
            time.advanceMs(STEP_MS);
            int turns = 0;
            int work;
            do {
                work = simulation.step(time.epochMs());
                for (PacedNode node : nodes) {
                    work += node.turn();
                }
            } while (work > 0 && ++turns < TURNS_MAX);
        }
    }
}
