package io.hailstorm.migration;

import static io.hailstorm.migration.ModelRangeMove.Mutation.NONE;

import io.hailstorm.migration.ModelRangeMove.Mutation;
import io.hailstorm.migration.ModelRangeMove.Size;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelRangeMoveTest {
    private static final List<Size> SIZES = List.of(
            new Size(1, 2, 1, 1, true, true, true),
            new Size(1, 1, 2, 1, true, true, true),
            new Size(1, 2, 2, 1, false, false, true),
            new Size(2, 1, 1, 1, false, false, true),
            new Size(2, 1, 1, 0, true, true, true));

    private static final List<Size> LARGE_SIZES = List.of(
            new Size(1, 3, 1, 2, true, true, true),
            new Size(1, 2, 2, 2, true, true, true),
            new Size(2, 1, 1, 1, true, true, true),
            new Size(2, 1, 2, 1, false, false, true),
            new Size(2, 2, 1, 1, false, false, true));

    @Test
    void everyMoveKeepsTheInvariantsAndEnds() {
        SIZES.forEach(size -> ModelRun.holds("range move, " + size, new ModelRangeMove(size, NONE)));
    }

    @Test
    void everyMoveKeepsTheInvariantsAndEndsInTheLargeModel() {
        ModelRun.assumeLarge();
        LARGE_SIZES.forEach(size -> ModelRun.holds("range move, " + size, new ModelRangeMove(size, NONE)));
    }

    @ParameterizedTest
    @CsvSource({
        "TIMER_REOPENS, I4, AcceptAtSource",
        "OPEN_BEFORE_DRAINED, I5, Open",
        "OPEN_BEFORE_ALL_PARENTS, I5, Open",
        "SERVING_BEFORE_ACTIVE, I1, Open",
        "NO_DEDUPE, I5, AcceptAtSource",
        "ACK_BEFORE_FSYNC, I4, Ack",
        "UNDURABLE_SEAL, I6, ProposeSealed",
        "COPY_UNDURABLE, I5, CrashSource",
        "OPEN_WITHOUT_STATE, I5, CrashTarget",
        "BLIND_REACTIVATION, I4, OpenBack",
        "FAILOVER_WITHOUT_FENCE, I4, FailOver",
        "STALE_PROPOSAL, I4, ApplySealed"
    })
    void noticesAProtectionThatIsTakenAway(Mutation mutation, String invariant, String action) {
        ModelRun.breaks(name(mutation), mutated(mutation, false), invariant, action);
    }

    @ParameterizedTest
    @CsvSource({"NO_REPLACEMENT, DieForGood", "NO_SUCCESSOR, StartSealing"})
    void noticesAMoveThatNobodyEnds(Mutation mutation, String action) {
        ModelRun.stops(name(mutation), mutated(mutation, false), action);
    }

    /** The comparison of hashes before OPEN is a second line behind two protections. */
    @ParameterizedTest
    @CsvSource({"OPEN_BEFORE_DRAINED", "COPY_UNDURABLE"})
    void comparingHashesStandsBehindTheProtection(Mutation mutation) {
        ModelRun.isHarmless(name(mutation) + ", hashes compared", mutated(mutation, true));
    }

    private static ModelRangeMove mutated(Mutation mutation, boolean comparesHashes) {
        return switch (mutation) {
            case OPEN_BEFORE_ALL_PARENTS ->
                new ModelRangeMove(new Size(2, 1, 1, 0, false, false, comparesHashes), mutation);
            case STALE_PROPOSAL -> new ModelRangeMove(new Size(1, 2, 2, 0, false, false, comparesHashes), mutation);
            case FAILOVER_WITHOUT_FENCE ->
                new ModelRangeMove(new Size(1, 2, 1, 0, true, false, comparesHashes), mutation);
            case NO_REPLACEMENT -> new ModelRangeMove(new Size(1, 2, 1, 0, false, true, comparesHashes), mutation);
            default -> new ModelRangeMove(new Size(1, 2, 1, 1, false, false, comparesHashes), mutation);
        };
    }

    private static String name(Mutation mutation) {
        return "range move, " + mutation.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
