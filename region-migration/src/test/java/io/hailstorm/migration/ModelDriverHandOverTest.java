package io.hailstorm.migration;

import static io.hailstorm.migration.ModelDriverHandOver.Mutation.NONE;

import io.hailstorm.migration.ModelDriverHandOver.Mutation;
import io.hailstorm.migration.ModelDriverHandOver.Size;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelDriverHandOverTest {
    private static final List<Size> SIZES = List.of(new Size(3, 2, false), new Size(1, 1, true));
    private static final List<Size> LARGE_SIZES = List.of(new Size(3, 3, false), new Size(1, 3, true));
    private static final Size SMALL = new Size(1, 1, true);

    @Test
    void everyHandOverKeepsTheInvariantsAndEnds() {
        SIZES.forEach(size -> ModelRun.holds("hand-over, " + size, new ModelDriverHandOver(size, NONE)));
    }

    @Test
    void everyHandOverKeepsTheInvariantsAndEndsInTheLargeModel() {
        ModelRun.assumeLarge();
        LARGE_SIZES.forEach(size -> ModelRun.holds("hand-over, " + size, new ModelDriverHandOver(size, NONE)));
    }

    @ParameterizedTest
    @CsvSource({
        "HANDOVER_WITHOUT_EPOCH_CHECK, I6, InstallIn",
        "HANDOVER_BEFORE_DURABLE, I1, Crash",
        "TAKE_BACK_WITHOUT_TOMBSTONE, I1, TakeBack",
        "TAKE_BACK_ON_UNDURABLE_TOMBSTONE, I1, Tombstone",
        "NO_DEDUPE, I5, Accept",
        "ACK_BEFORE_FSYNC, I4, Ack",
        "HANDOVER_DURING_OFFER, I7, Offer"
    })
    void noticesAProtectionThatIsTakenAway(Mutation mutation, String invariant, String action) {
        ModelRun.breaks(name(mutation), new ModelDriverHandOver(SMALL, mutation), invariant, action);
    }

    @Test
    void noticesAHandOverThatNobodyAnswers() {
        ModelRun.stops(name(Mutation.NO_ANSWER), new ModelDriverHandOver(SMALL, Mutation.NO_ANSWER), "HandOut");
    }

    private static String name(Mutation mutation) {
        return "hand-over, " + mutation.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
