package io.hailstorm.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.SystemTimeSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A short run of {@code hailstorm check}, with fixed seeds. */
final class WorldTest {
    private static final int STEPS = 1_500;
    private static final int MUTATION_SEEDS = 400;

    private final WorldCheck check = new WorldCheck(STEPS, new SystemTimeSource());

    @Test
    void keepsEveryInvariantThroughCrashesAndMoves() {
        WorldCheck.Report report = check.run(1, 20, 1);

        assertThat(report.violations()).isEmpty();
        assertThat(report.crashes()).isGreaterThan(report.seeds());
        assertThat(report.moves()).isGreaterThan(report.seeds());
    }

    @Test
    void aSeedIsTheSameWorldEveryTime() {
        assertThat(check.run(3, 2, 1).digest()).isEqualTo(check.run(3, 2, 1).digest());
    }

    @ParameterizedTest
    @EnumSource
    void noticesThatASafeguardIsMissing(Safeguard without) {
        // Where the dice have to be lucky, not from the beginning: to save time.
        long first = without == Safeguard.COPY_DURABLE ? 370 : without == Safeguard.REACTIVATE_BY_CONTROL ? 70 : 1;
        assertThat(check.mutate(without, first, MUTATION_SEEDS).violation()).isNotNull();
    }

    @Test
    void makesAPlanThatFailsSmaller() {
        Safeguards without = Safeguards.without(Safeguard.DEDUPE);
        WorldVerdict.Violation found =
                requireNonNull(check.mutate(Safeguard.DEDUPE, 1, 10).violation());
        WorldPlan drawn = check.plan(found.seed(), without);

        WorldShrink.Smallest smallest = check.shrink(found, without);

        assertThat(smallest.plan().stepCount()).isLessThan(STEPS);
        assertThat(smallest.plan().faults().size() + smallest.plan().orders().size())
                .isLessThan(drawn.faults().size() + drawn.orders().size());
        assertThat(smallest.plan().phoneCount()).isLessThanOrEqualTo(drawn.phoneCount());
        assertThat(smallest.violation().invariant()).isEqualTo(found.invariant());
        assertThat(World.run(smallest.plan()).violation()).isEqualTo(smallest.violation());
        assertThat(World.run(smallest.plan().with(Safeguards.ALL)).violation()).isNull();
        assertThat(smallest.seeAgain())
                .startsWith("hailstorm check --seeds 1 --from " + found.seed())
                .contains("--steps " + smallest.plan().stepCount(), "--without ", "--mutation no-dedupe");
    }
}
