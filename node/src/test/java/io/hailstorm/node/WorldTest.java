package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.SystemTimeSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A short run of {@code hailstorm check}, with fixed seeds. */
final class WorldTest {
    private static final int STEPS = 1_500;

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
    @EnumSource(names = {"NO_TIMER_REOPENS", "SERVE_AFTER_ACTIVE", "DEDUPE", "ACK_AFTER_SYNC", "OPEN_WITH_STATE"})
    void noticesThatASafeguardIsMissing(Safeguard without) {
        assertThat(check.mutate(without, 1, 10).violation()).isNotNull();
    }
}
