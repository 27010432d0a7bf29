package io.hailstorm.node;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The first thing that went wrong in a simulated world, and the last that happened before. */
final class WorldVerdict {
    private static final int TRACE_MAX = 80;

    /**
     * A promise that did not hold.
     *
     * @param invariant its short name: I1 to I7, L1, or what else is never to happen
     */
    record Violation(long seed, int step, String invariant, String message, List<String> trace) {}

    private final long seed;
    private final Deque<String> trace = new ArrayDeque<>();
    private int step;
    private long nowMs;
    private @Nullable Violation violation;

    WorldVerdict(long seed) {
        this.seed = seed;
    }

    void at(int newStep, long newNowMs) {
        step = newStep;
        nowMs = newNowMs;
    }

    /** Something worth reading when the seed fails. */
    void note(String event) {
        if (trace.size() == TRACE_MAX) {
            trace.removeFirst();
        }
        trace.addLast(step + " +" + nowMs + "ms " + event);
    }

    void violated(String invariant, String message) {
        if (violation == null) {
            note("VIOLATED " + invariant + ": " + message);
            violation = new Violation(seed, step, invariant, message, new ArrayList<>(trace));
        }
    }

    boolean isViolated() {
        return violation != null;
    }

    @Nullable
    Violation violation() {
        return violation;
    }
}
