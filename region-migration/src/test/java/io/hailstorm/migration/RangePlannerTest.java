package io.hailstorm.migration;

import static io.hailstorm.migration.Line.cell;
import static io.hailstorm.migration.Line.cells;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.migration.RangePlanner.Bounds;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RangePlannerTest {
    private final Line line = new Line(12);

    @Test
    void movesCellsOfOneOwnerAndEpochTogether() {
        MoveGroup group = planner(line.table(6, 6), Bounds.DEFAULT).move("g", cells(2, 4), 1);
        assertThat(group.moves()).containsExactly(new MovePlan("g/0", cells(2, 4), 0, 1, 1));
        assertThat(group.isNamedAfter("g/0")).isTrue();
    }

    @Test
    void movesCellsOfDifferentOwnersAndEpochsApart() {
        OwnershipTable table = line.table(4, 4, 4);
        Line.move(table, "before", Set.of(cell(1)), 1);
        MoveGroup group = planner(table, Bounds.DEFAULT).move("g", cells(1, 6), 2);
        assertThat(group.moves())
                .extracting(MovePlan::cells, MovePlan::sourcePartition, MovePlan::epoch)
                .containsExactlyInAnyOrder(
                        tuple(cells(1, 1), 1, 2L), tuple(cells(2, 4), 0, 1L), tuple(cells(5, 6), 1, 1L));
    }

    @Test
    void leavesCellsThatAreThereAlready() {
        MoveGroup group = planner(line.table(6, 6), Bounds.DEFAULT).move("g", cells(5, 8), 1);
        assertThat(group.moves()).extracting(MovePlan::cells).containsExactly(cells(5, 6));
    }

    @Test
    void beginsWithTheHottestPieceAndBoundsEach() {
        line.load(6, 100);
        line.load(1, 10);
        MoveGroup group = planner(line.table(6, 6), new Bounds(2, 2)).move("g", cells(1, 6), 1);
        assertThat(group.parallelMax()).isEqualTo(2);
        assertThat(group.moves()).allSatisfy(move -> assertThat(move.cells()).hasSizeLessThanOrEqualTo(2));
        assertThat(group.moves().getFirst().cells()).contains(cell(6));
        NavigableSet<Long> all = new TreeSet<>();
        group.moves().forEach(move -> all.addAll(move.cells()));
        assertThat(all).isEqualTo(cells(1, 6));
    }

    @Test
    void splitsOffTheHotterHalfInOnePieceToAPartitionWithoutCells() {
        line.load(1, 30);
        line.load(2, 20);
        line.load(7, 10);
        line.load(8, 35);
        MoveGroup group = planner(line.table(8, 4, 0), Bounds.DEFAULT).split("g", 0);
        assertThat(group.moves()).hasSize(1);
        MovePlan move = group.moves().getFirst();
        assertThat(move.targetPartition()).isEqualTo(2);
        double moved = move.cells().stream().mapToDouble(line::load).sum();
        assertThat(moved).isBetween(45.0, 55.0);
        assertThat(move.cells()).isEqualTo(cells(1, 2));
    }

    @Test
    void splitsByCellsWhereNothingWasMeasured() {
        MoveGroup group = planner(line.table(8, 4), Bounds.DEFAULT).split("g", 0);
        assertThat(group.moves()).extracting(move -> move.cells().size()).containsExactly(4);
    }

    @Test
    void mergesEverythingOfOnePartitionIntoAnother() {
        MoveGroup group = planner(line.table(6, 6), Bounds.DEFAULT).merge("g", 1, 0);
        assertThat(group.moves()).containsExactly(new MovePlan("g/0", cells(7, 12), 1, 0, 1));
    }

    @Test
    void evacuatesARegionEveningTheOthersOut() {
        for (int number = 1; number <= 12; number++) {
            line.load(number, 1);
        }
        line.load(9, 3);
        RangePlanner planner = new RangePlanner(
                line.table(4, 4, 2, 2),
                line::load,
                line::neighbours,
                partition -> partition < 2 ? "north" : "south",
                new Bounds(2, 2));
        MoveGroup group = planner.evacuate("g", "north");
        assertThat(group.moves())
                .allSatisfy(move -> assertThat(move.targetPartition()).isBetween(2, 3));
        // Partition 2 began with 4 and partition 3 with 2; 8 more are spread.
        assertThat(loadTo(group, 2)).isEqualTo(4);
        assertThat(loadTo(group, 3)).isEqualTo(4);
    }

    private double loadTo(MoveGroup group, int target) {
        return group.moves().stream()
                .filter(move -> move.targetPartition() == target)
                .flatMap(move -> move.cells().stream())
                .mapToDouble(line::load)
                .sum();
    }

    @Test
    void saysWhatCannotBeDone() {
        OwnershipTable table = line.table(6, 6);
        RangePlanner planner = planner(table, Bounds.DEFAULT);
        refused(ErrorCode.INVALID_ARGUMENT, () -> planner.move("g", cells(1, 1), 2));
        refused(ErrorCode.INVALID_ARGUMENT, () -> planner.merge("g", 1, 1));
        refused(ErrorCode.INVALID_ARGUMENT, () -> planner.split("g", -1));
        refused(ErrorCode.NOT_FOUND, () -> planner.move("g", Set.of(1L), 1));
        refused(ErrorCode.NOT_FOUND, () -> planner.evacuate("g", "nowhere"));
        refused(ErrorCode.FAILED_PRECONDITION, () -> planner.evacuate("g", "home"));
        refused(ErrorCode.FAILED_PRECONDITION, () -> planner.move("g", cells(1, 2), 0));
        table.apply(
                1,
                new ControlRecord.Proposal(
                        "m", cells(1, 1), 1, RangeState.ACTIVE, 1, RangeState.COPYING, 1, 0, -1, -1));
        refused(ErrorCode.FAILED_PRECONDITION, () -> planner.move("g", cells(1, 2), 1));
        refused(
                ErrorCode.FAILED_PRECONDITION,
                () -> planner(line.table(1, 11), Bounds.DEFAULT).split("g", 0));
    }

    private RangePlanner planner(OwnershipTable table, Bounds bounds) {
        return new RangePlanner(table, line::load, line::neighbours, _ -> "home", bounds);
    }

    private static void refused(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(code));
    }
}
