package io.hailstorm.node;

import io.hailstorm.kernel.Safeguards;
import io.hailstorm.node.WorldPlan.Fault;
import io.hailstorm.node.WorldPlan.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Makes a plan whose world breaks an invariant smaller: without a kind of fault or of order, with fewer phones, riders and steps, as
 * long as the same invariant breaks, and all hold with every safeguard in force where one was taken away. One thread.
 */
final class WorldShrink {
    /** Worlds run for one plan; what is reached then is the smallest. */
    static final int RUNS_MAX = 150;

    private static final int STEPS_MIN = 10;

    private final WorldPlan original;
    private final String invariant;
    private WorldPlan smallest;
    private WorldVerdict.Violation violation;
    private int runCount;

    private WorldShrink(WorldPlan plan, WorldVerdict.Violation violation) {
        original = plan;
        smallest = plan;
        invariant = violation.invariant();
        this.violation = violation;
    }

    /**
     * What a plan came to.
     *
     * @param plan none that is smaller by one of the steps tried breaks the invariant, unless {@link #RUNS_MAX} worlds were not enough
     * @param seeAgain the command that runs it
     */
    record Smallest(WorldPlan plan, WorldVerdict.Violation violation, int runCount, String seeAgain) {}

    static Smallest of(WorldPlan plan, WorldVerdict.Violation violation) {
        WorldShrink shrink = new WorldShrink(plan, violation);
        if (violation.step() < plan.stepCount()) {
            // What comes after it has no part in it.
            shrink.breaks(plan.withSteps(violation.step() + 1));
        }
        boolean isSmaller = true;
        while (isSmaller && shrink.runCount < RUNS_MAX) {
            isSmaller = shrink.lessOnce();
        }
        return new Smallest(shrink.smallest, shrink.violation, shrink.runCount, shrink.command());
    }

    private boolean lessOnce() {
        boolean isSmaller = false;
        int steps = smallest.stepCount();
        for (int fewer : new int[] {steps / 2, steps * 3 / 4, steps * 9 / 10, steps - 1}) {
            if (fewer >= STEPS_MIN && fewer < smallest.stepCount()) {
                isSmaller |= breaks(smallest.withSteps(fewer));
            }
        }
        for (Fault fault : Fault.values()) {
            isSmaller |= smallest.has(fault) && breaks(smallest.without(fault));
        }
        for (Order order : Order.values()) {
            isSmaller |= smallest.has(order) && breaks(smallest.without(order));
        }
        int riders = smallest.shape().riderCount();
        isSmaller |= riders > 0 && breaks(smallest.with(smallest.phoneCount(), 0));
        for (int phones : new int[] {1, smallest.phoneCount() / 2, smallest.phoneCount() - 1}) {
            isSmaller |= phones > 0
                    && phones < smallest.phoneCount()
                    && breaks(smallest.with(phones, smallest.shape().riderCount()));
        }
        return isSmaller;
    }

    /** Whether a plan breaks the invariant as well; then it is the smallest so far. */
    private boolean breaks(WorldPlan plan) {
        if (runCount >= RUNS_MAX) {
            return false;
        }
        runCount++;
        WorldVerdict.Violation found = World.run(plan).violation();
        if (found == null || !found.invariant().equals(invariant)) {
            return false;
        }
        if (!plan.safeguards().missing().isEmpty()) {
            runCount++;
            if (World.run(plan.with(Safeguards.ALL)).violation() != null) {
                return false;
            }
        }
        smallest = plan;
        violation = found;
        return true;
    }

    private String command() {
        StringBuilder text = new StringBuilder(
                "hailstorm check --seeds 1 --from " + smallest.seed() + " --steps " + smallest.stepCount());
        if (smallest.phoneCount() != original.phoneCount()) {
            text.append(" --phones ").append(smallest.phoneCount());
        }
        if (smallest.shape().riderCount() != original.shape().riderCount()) {
            text.append(" --riders ").append(smallest.shape().riderCount());
        }
        List<String> gone = new ArrayList<>();
        new TreeSet<>(original.faults())
                .stream().filter(fault -> !smallest.has(fault)).forEach(fault -> gone.add(name(fault)));
        new TreeSet<>(original.orders())
                .stream().filter(order -> !smallest.has(order)).forEach(order -> gone.add(name(order)));
        if (!gone.isEmpty()) {
            text.append(" --without ").append(String.join(",", gone));
        }
        smallest.safeguards()
                .missing()
                .forEach(missing -> text.append(" --mutation ").append(missing.mutation()));
        return text.toString();
    }

    /** As the command line calls a fault, or an order. */
    static String name(Enum<?> kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
