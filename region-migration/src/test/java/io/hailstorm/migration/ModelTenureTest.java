package io.hailstorm.migration;

import static io.hailstorm.migration.ModelTenure.Mutation.NONE;

import io.hailstorm.migration.ModelTenure.Mutation;
import io.hailstorm.migration.ModelTenure.Size;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelTenureTest {
    private static final boolean GEO = true;
    private static final boolean DISK = false;

    private static final List<Size> SIZES = List.of(
            new Size(2, 2, 1, true, false, GEO),
            new Size(1, 2, 1, true, true, GEO),
            new Size(2, 1, 1, true, true, DISK));

    private static final List<Size> LARGE_SIZES = List.of(
            new Size(3, 2, 1, true, false, GEO),
            new Size(2, 3, 1, true, true, GEO),
            new Size(2, 2, 2, true, false, GEO),
            new Size(2, 2, 1, true, true, DISK));

    @Test
    void everyChangeOfPrimaryKeepsTheInvariantsAndEnds() {
        SIZES.forEach(size -> ModelRun.holds("tenure, " + size, new ModelTenure(size, NONE)));
    }

    @Test
    void everyChangeOfPrimaryKeepsTheInvariantsAndEndsInTheLargeModel() {
        ModelRun.assumeLarge();
        LARGE_SIZES.forEach(size -> ModelRun.holds("tenure, " + size, new ModelTenure(size, NONE)));
    }

    @ParameterizedTest
    @CsvSource({
        "FAILOVER_WITHOUT_FENCE, I4, ApplyTakeOver",
        "ACK_BEFORE_FSYNC, I4, Ack",
        "ACK_BEFORE_COPIED, I4, Ack",
        "TAKEOVER_BY_ANYONE, I4, ApplyTakeOver",
        "JOIN_BEFORE_COMPLETE, I4, ApplyJoin",
        "JOIN_BEFORE_REQUIRED, I4, ApplyJoin",
        "RESTART_KEEPS_TERM, I4, Crash"
    })
    void noticesAProtectionThatIsTakenAway(Mutation mutation, String invariant, String action) {
        ModelRun.breaks(
                name(mutation), new ModelTenure(new Size(2, 2, 1, false, false, GEO), mutation), invariant, action);
    }

    /** With acknowledgement in two regions nothing acknowledged could be missing anyway. */
    @Test
    void noticesAHandBackThatDoesNotWait() {
        Mutation mutation = Mutation.HAND_BACK_BEFORE_COMPLETE;
        Size size = new Size(2, 1, 0, false, true, DISK);
        ModelRun.breaks(name(mutation), new ModelTenure(size, mutation), "I4", "ApplyHandBack");
    }

    @ParameterizedTest
    @CsvSource({"NO_TAKEOVER, DieForGood", "NO_DROPPING, DieForGood"})
    void noticesARegionThatNobodyServesAnyMore(Mutation mutation, String action) {
        ModelRun.stops(name(mutation), new ModelTenure(new Size(1, 1, 0, true, false, GEO), mutation), action);
    }

    /** A restarted primary begins a new term, by which a copy recognises what it has too much of. */
    @Test
    void aNewTermAfterARestartStandsBehindCopyingOnlyWhatIsDurable() {
        Size size = new Size(2, 1, 1, false, false, GEO);
        ModelRun.isHarmless(name(Mutation.COPY_UNDURABLE), new ModelTenure(size, Mutation.COPY_UNDURABLE));
    }

    private static String name(Mutation mutation) {
        return "tenure, " + mutation.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
