package io.hailstorm.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import org.junit.jupiter.api.Assumptions;

/** Explores models for the tests and prints how many states there were. */
final class ModelRun {
    /** What fits into the heap of a test, with some room. */
    private static final int STATES_MAX = 12_000_000;

    private static final boolean IS_LARGE = "large".equals(System.getProperty("model.size"));
    /** Counter-examples are printed in full. */
    private static final boolean PRINTS_TRACES = Boolean.getBoolean("model.traces");

    private ModelRun() {}

    static void assumeLarge() {
        Assumptions.assumeTrue(IS_LARGE, "takes minutes: -Dmodel.size=large");
    }

    /** Every reachable state keeps the invariants, and every move ends. */
    static <S> void holds(String name, ModelSpec<S> spec) {
        ModelExplorer<S> explorer = new ModelExplorer<>(spec, STATES_MAX);
        ModelExplorer.Outcome safety = explorer.checkSafety();
        print(String.format(
                Locale.ROOT,
                "%s: %,d states, %,d steps, depth %d, exhaustive",
                name,
                safety.states(),
                safety.steps(),
                safety.depth()));
        assertTrue(safety.isSound(), safety::story);
        ModelExplorer.Outcome liveness = explorer.checkLiveness();
        assertTrue(liveness.isSound(), liveness::story);
    }

    /** Every reachable state keeps the invariants all the same. */
    static <S> void isHarmless(String name, ModelSpec<S> spec) {
        ModelExplorer.Outcome safety = new ModelExplorer<>(spec, STATES_MAX).checkSafety();
        print(String.format(Locale.ROOT, "%s: %,d states, no harm", name, safety.states()));
        assertTrue(safety.isSound(), safety::story);
    }

    /** Some reachable state breaks the invariant, and a trace of this action leads there. */
    static <S> void breaks(String name, ModelSpec<S> spec, String invariant, String action) {
        ModelExplorer.Outcome safety = new ModelExplorer<>(spec, STATES_MAX).checkSafety();
        report(name, safety, invariant, action);
    }

    /** The invariants hold, and yet some behaviour stops in the middle of a move. */
    static <S> void stops(String name, ModelSpec<S> spec, String action) {
        ModelExplorer<S> explorer = new ModelExplorer<>(spec, STATES_MAX);
        ModelExplorer.Outcome safety = explorer.checkSafety();
        assertTrue(safety.isSound(), safety::story);
        report(name, explorer.checkLiveness(), "L1", action);
    }

    private static void report(String name, ModelExplorer.Outcome outcome, String invariant, String action) {
        assertFalse(outcome.isSound(), () -> name + " was not noticed in " + outcome.states() + " states");
        print(String.format(
                Locale.ROOT,
                "%s: caught after %,d states, trace of %d: %s",
                name,
                outcome.states(),
                outcome.trace().size(),
                outcome.broken()));
        if (PRINTS_TRACES) {
            print("    " + String.join("\n    ", outcome.trace()));
        }
        assertEquals(invariant, outcome.broken().substring(0, 2), outcome::story);
        assertTrue(outcome.trace().stream().anyMatch(line -> line.startsWith(action)), outcome::story);
    }

    private static void print(String line) {
        System.out.println(line);
    }
}
