package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Runs many simulated worlds and sums up. */
final class WorldCheck {
    private final int stepCount;
    private final UnaryOperator<WorldPlan> narrowing;
    private final TimeSource wall;

    WorldCheck(int stepCount, TimeSource wall) {
        this(stepCount, UnaryOperator.identity(), wall);
    }

    /** @param narrowing what every drawn plan is made smaller by */
    WorldCheck(int stepCount, UnaryOperator<WorldPlan> narrowing, TimeSource wall) {
        this.stepCount = stepCount;
        this.narrowing = narrowing;
        this.wall = wall;
    }

    /** What many seeds came to. */
    record Report(
            long seeds,
            long steps,
            long crashes,
            long moves,
            long handovers,
            List<WorldVerdict.Violation> violations,
            double stepsPerS,
            long digest) {
        boolean ok() {
            return violations.isEmpty();
        }

        /** @param smallest of the first violations, what they were made smaller to */
        ObjectNode json(List<WorldShrink.Smallest> smallest) {
            ObjectNode root = new ObjectMapper()
                    .createObjectNode()
                    .put("seeds", seeds)
                    .put("steps", steps)
                    .put("crashes", crashes)
                    .put("moves", moves)
                    .put("handovers", handovers);
            ArrayNode all = root.putArray("violations");
            for (int i = 0; i < violations.size(); i++) {
                ObjectNode each = all.addObject();
                violationJson(violations.get(i), each);
                if (i < smallest.size()) {
                    WorldShrink.Smallest found = smallest.get(i);
                    ObjectNode smaller = each.putObject("smallest")
                            .put("plan", found.plan().describe())
                            .put("see_again", found.seeAgain());
                    violationJson(found.violation(), smaller);
                }
            }
            return root.put("steps_per_s", Math.round(stepsPerS)).put("digest", Long.toHexString(digest));
        }
    }

    private static void violationJson(WorldVerdict.Violation violation, ObjectNode out) {
        out.put("seed", violation.seed())
                .put("step", violation.step())
                .put("invariant", violation.invariant())
                .put("message", violation.message());
        violation.trace().forEach(out.putArray("trace")::add);
    }

    /** What became of a world without one of its safeguards. */
    record Mutation(Safeguard without, long seedsTried, WorldVerdict.@Nullable Violation violation) {
        boolean isCaught() {
            return violation != null;
        }

        ObjectNode json() {
            ObjectNode root = new ObjectMapper()
                    .createObjectNode()
                    .put("mutation", without.mutation())
                    .put("caught", isCaught());
            WorldVerdict.Violation by = violation;
            if (by == null) {
                return root.putNull("seed").put("seeds_tried", seedsTried).putNull("invariant");
            }
            return root.put("seed", by.seed()).put("seeds_tried", seedsTried).put("invariant", by.invariant());
        }
    }

    WorldPlan plan(long seed, Safeguards safeguards) {
        return narrowing.apply(WorldPlan.draw(seed, stepCount, safeguards));
    }

    /** Runs {@code count} seeds; all of them, whatever the first ones show. */
    Report run(long from, long count, int violationsMax) {
        long startNs = wall.monotonicNs();
        long steps = 0;
        long crashes = 0;
        long moves = 0;
        long handovers = 0;
        long digest = 0;
        long seeds = 0;
        List<WorldVerdict.Violation> violations = new ArrayList<>();
        for (long seed = from; seed < from + count && violations.size() < violationsMax; seed++) {
            World.Outcome outcome = World.run(plan(seed, Safeguards.ALL));
            seeds++;
            steps += outcome.steps();
            crashes += outcome.crashes();
            moves += outcome.moves();
            handovers += outcome.handovers();
            digest = CounterRandom.mix(digest ^ outcome.digest());
            WorldVerdict.Violation violation = outcome.violation();
            if (violation != null) {
                violations.add(violation);
            }
        }
        double seconds = Math.max(1, wall.monotonicNs() - startNs) / 1e9;
        return new Report(seeds, steps, crashes, moves, handovers, violations, steps / seconds, digest);
    }

    /** The smallest plan found that breaks what a seed's plan breaks. */
    WorldShrink.Smallest shrink(WorldVerdict.Violation violation, Safeguards safeguards) {
        return WorldShrink.of(plan(violation.seed(), safeguards), violation);
    }

    /** Looks for the first seed that notices what is missing. */
    Mutation mutate(Safeguard without, long from, long count) {
        Safeguards fewer = Safeguards.without(without);
        for (long seed = from; seed < from + count; seed++) {
            WorldVerdict.Violation violation = World.run(plan(seed, fewer)).violation();
            // What fails anyway shows nothing.
            if (violation != null && World.run(plan(seed, Safeguards.ALL)).violation() == null) {
                return new Mutation(without, seed - from + 1, violation);
            }
        }
        return new Mutation(without, count, null);
    }
}
