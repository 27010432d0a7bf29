package io.hailstorm.migration;

import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.B;
import static io.hailstorm.migration.TestRange.C;
import static io.hailstorm.migration.TestRange.active;
import static io.hailstorm.migration.TestRange.copying;
import static io.hailstorm.migration.TestRange.givenUp;
import static io.hailstorm.migration.TestRange.sealed;
import static io.hailstorm.migration.TestRange.sealing;
import static io.hailstorm.migration.TestRange.step;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.migration.ControlOutcome.Applied;
import io.hailstorm.migration.ControlOutcome.Voided;
import io.hailstorm.migration.ControlRecord.GroupBegun;
import io.hailstorm.migration.ControlRecord.GroupEnded;
import io.hailstorm.migration.ControlRecord.MapInitialized;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OwnershipTableTest {
    private final OwnershipTable table = TestRange.table();
    private long nextOffset = 1;

    @Test
    void movesARangeAndItsEpochStepByStep() {
        long mapEpoch = table.map().epoch();
        applied(copying("m", A));
        applied(sealing());
        applied(sealed(10));
        assertThat(table.map().partitionOf(A)).isZero();
        applied(active());

        assertThat(table.map().partitionOf(A)).isEqualTo(1);
        assertThat(table.map().epoch()).isEqualTo(mapEpoch + 1);
        RangeEntry entry = table.entry(A).orElseThrow();
        assertThat(entry.epoch()).isEqualTo(2);
        assertThat(entry.parentPartition()).isZero();
        assertThat(entry.parentSealOffset()).isEqualTo(10);
        assertThat(entry.startOffset()).isEqualTo(3);
        assertThat(table.entry(B).orElseThrow().epoch()).isEqualTo(1);
        assertThat(table.movesInFlight()).isEmpty();
        assertThat(table.hasEnded("m")).isTrue();
    }

    @Test
    void voidsADuplicateOfEveryStep() {
        for (ControlRecord record : new ControlRecord[] {copying("m", A), sealing(), sealed(10), active()}) {
            applied(record);
            voided(record);
        }
    }

    @Test
    void letsOneOfTwoMovesOfACellWin() {
        applied(copying("m", A));
        assertThat(voided(copying("other", A, B))).contains("COPYING(1)");
        assertThat(table.entry(B).orElseThrow().state()).isEqualTo(RangeState.ACTIVE);
    }

    @Test
    void keepsAnotherMigrationOutOfARangeUnderWay() {
        applied(copying("m", A));
        assertThat(voided(step("other", RangeState.COPYING, RangeState.SEALING, 1, 1, -1, 0, A)))
                .contains("another migration");
    }

    @Test
    void movesAllCellsOfARangeOrNone() {
        applied(copying("m", A, B));
        voided(sealing());
        applied(step("m", RangeState.COPYING, RangeState.SEALING, 1, 1, -1, 0, A, B));
    }

    @Test
    void goesBackWhenGivenUpBeforeSealed() {
        RangeEntry before = table.entry(A).orElseThrow();
        applied(copying("m", A));
        applied(givenUp(RangeState.COPYING));
        assertThat(table.entry(A)).contains(before);
        assertThat(voided(copying("m", A))).contains("used before");
    }

    @Test
    void abortsASealingForGood() {
        RangeEntry before = table.entry(A).orElseThrow();
        applied(copying("m", A));
        voided(step("m", RangeState.COPYING, RangeState.ABORTING, 1, 1, -1, 0, A));
        applied(sealing());
        applied(step("m", RangeState.SEALING, RangeState.ABORTING, 1, 1, -1, 0, A));
        assertThat(voided(sealed(10))).contains("ABORTING");
        voided(step("m", RangeState.ABORTING, RangeState.SEALED, 1, 1, 10, 0, A));
        applied(givenUp(RangeState.ABORTING));
        assertThat(table.entry(A)).contains(before);
        assertThat(table.outcome("m")).contains(MoveOutcome.GIVEN_UP);
    }

    @Test
    void letsTheSourceTakeASealedRangeBackTwoEpochsLater() {
        applied(copying("m", A));
        applied(sealing());
        applied(sealed(10));
        voided(step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 0, 9, 11, A));
        applied(step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 0, 10, 11, A));
        RangeEntry entry = table.entry(A).orElseThrow();
        assertThat(entry.isTakenBack()).isTrue();
        assertThat(entry.epoch()).isEqualTo(3);
        assertThat(table.map().partitionOf(A)).isZero();
        assertThat(table.outcome("m")).contains(MoveOutcome.TAKEN_BACK);
        assertThat(voided(active())).contains("stale");
    }

    @Test
    void learnsWhereAnOpenLanded() {
        applied(copying("m", A));
        applied(sealing());
        applied(sealed(10));
        applied(step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 0, 10, 11, A));
        voided(landed("other", 3, 15));
        voided(landed("m", 2, 15));
        applied(landed("m", 3, 15));
        assertThat(table.entry(A).orElseThrow().startOffset()).isEqualTo(15);
        voided(landed("m", 3, 15));
    }

    private static ControlRecord landed(String migrationId, long epoch, long startOffset) {
        return new ControlRecord.Proposal(
                migrationId,
                ControlRecord.sorted(Set.of(A)),
                epoch,
                RangeState.ACTIVE,
                epoch,
                RangeState.ACTIVE,
                0,
                0,
                10,
                startOffset);
    }

    @Test
    void keepsGroupsOfMovesUntilTheyEnd() {
        MovePlan move = new MovePlan("g/0", ControlRecord.sorted(Set.of(A)), 0, 1, 1);
        MoveGroup group = new MoveGroup("g", "a wish", 2, List.of(move));
        voided(new GroupBegun(new MoveGroup("g", "a wish", 2, List.of())));
        voided(new GroupBegun(new MoveGroup("other", "a wish", 2, List.of(move))));
        voided(new GroupEnded("g", "DONE"));
        applied(new GroupBegun(group));
        voided(new GroupBegun(group));
        assertThat(table.groups()).containsExactly(group);
        applied(new GroupEnded("g", "DONE"));
        assertThat(table.groups()).isEmpty();
        assertThat(table.knowsGroup("g")).isTrue();
        voided(new GroupBegun(group));
    }

    @Test
    void onlyGoesForwardFromSealed() {
        applied(copying("m", A));
        applied(sealing());
        applied(sealed(10));
        voided(givenUp(RangeState.SEALED));
        voided(step("m", RangeState.SEALED, RangeState.ACTIVE, 2, 1, 11, 3, A));
        voided(step("m", RangeState.SEALED, RangeState.ACTIVE, 2, 0, 10, 3, A));
        voided(step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 1, 10, 3, A));
        applied(active());
    }

    @Test
    void voidsStepsOutOfOrder() {
        voided(sealing());
        applied(copying("m", A));
        voided(sealed(10));
        voided(active());
        applied(sealing());
        voided(sealed(-1));
        voided(step("m", RangeState.SEALING, RangeState.COPYING, 1, 1, -1, -1, A));
    }

    @ParameterizedTest
    @EnumSource(
            value = RangeState.class,
            names = {"ACTIVE", "SEALING", "SEALED"})
    void startsOnlyWithCopying(RangeState state) {
        voided(step("m", RangeState.ACTIVE, state, 1, 1, 0, 0, A));
    }

    @Test
    void voidsUnknownCellsTargetsAndOwners() {
        voided(copying("m", 1));
        voided(copying("m", C));
        voided(step("m", RangeState.ACTIVE, RangeState.COPYING, 1, 7, -1, -1, A));
        voided(step("m", RangeState.ACTIVE, RangeState.COPYING, 1, 0, -1, -1, A));
        voided(MapInitialized.of(new RegionId("sf"), 9, Map.of(A, 5)));
    }

    @Test
    void ignoresARecordAppliedBefore() {
        ControlRecord record = copying("m", A);
        applied(record);
        assertThat(table.apply(1, givenUp(RangeState.COPYING))).isInstanceOf(Voided.class);
        assertThat(table.nextOffset()).isEqualTo(2);
    }

    @Test
    void plansFromHowThingsStandAndSaysWhyNot() {
        assertThat(table.plan("m", Set.of(A, B), 1))
                .isEqualTo(new MovePlan("m", ControlRecord.sorted(Set.of(A, B)), 0, 1, 1));
        refused(ErrorCode.NOT_FOUND, Set.of(1L), 1);
        refused(ErrorCode.INVALID_ARGUMENT, Set.of(A), 2);
        refused(ErrorCode.INVALID_ARGUMENT, Set.of(), 1);
        refused(ErrorCode.FAILED_PRECONDITION, Set.of(A), 0);
        refused(ErrorCode.FAILED_PRECONDITION, Set.of(A, C), 1);
        applied(copying("m", A));
        refused(ErrorCode.FAILED_PRECONDITION, Set.of(A), 1);
    }

    @Test
    void hasNoMapBeforeTheFirstRecord() {
        assertThat(new OwnershipTable().isInitialized()).isFalse();
        assertThatThrownBy(() -> new OwnershipTable().map()).isInstanceOf(HailstormException.class);
    }

    private void refused(ErrorCode code, Set<Long> cells, int target) {
        assertThatThrownBy(() -> table.plan("p", cells, target))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private void applied(ControlRecord record) {
        assertThat(table.apply(nextOffset++, record)).isInstanceOf(Applied.class);
    }

    private String voided(ControlRecord record) {
        var before = table.entries();
        ControlOutcome outcome = table.apply(nextOffset++, record);
        assertThat(table.entries()).isEqualTo(before);
        assertThat(outcome).isInstanceOf(Voided.class);
        return ((Voided) outcome).reason();
    }
}
