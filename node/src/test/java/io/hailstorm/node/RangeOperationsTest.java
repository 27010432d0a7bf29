package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.AbortMigrationRequest;
import io.hailstorm.protocol.v1.EvacuateRegionRequest;
import io.hailstorm.protocol.v1.MergePartitionsRequest;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.RangeState;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.SplitPartitionRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator may ask of a whole node, under load, in virtual time. */
final class RangeOperationsTest {
    private static final long SEED = Long.getLong("seed", 12);
    private static final long START_MS = 1_767_801_600_000L;
    private static final int PARTITION_COUNT = 4;
    private static final int WARM_UP_STEPS = 100;
    private static final int GROUP_STEPS = 400;

    @TempDir
    private Path directory;

    private final VirtualTime time = new VirtualTime(START_MS);

    @Test
    void splitsMergesAndEvacuatesWithoutLosingOrReorderingAFix() throws Exception {
        try (OperatedNode run = newRun()) {
            run.node.core().ranges().regions(partition -> partition < 2 ? "north" : "south");
            run.steps(WARM_UP_STEPS);
            int all = cellCount(run.ranges(), 0) + cellCount(run.ranges(), 1);

            List<String> merged = answer(
                            run,
                            run.operator.mergePartitions(MergePartitionsRequest.newBuilder()
                                    .setRequestId("merge")
                                    .setIntoPartition(0)
                                    .setFromPartition(1)
                                    .build()))
                    .getMigrationsList();
            run.steps(GROUP_STEPS);
            assertThat(cellCount(run.ranges(), 1)).isZero();
            assertThat(cellCount(run.ranges(), 0)).isEqualTo(all);
            assertDone(run.ranges(), merged);

            List<String> split = answer(
                            run,
                            run.operator.splitPartition(SplitPartitionRequest.newBuilder()
                                    .setRequestId("split")
                                    .setPartition(0)
                                    .build()))
                    .getMigrationsList();
            run.steps(GROUP_STEPS);
            assertThat(cellCount(run.ranges(), 1)).isPositive().isLessThan(all);
            assertDone(run.ranges(), split);

            List<String> evacuated = answer(
                            run,
                            run.operator.evacuateRegion(EvacuateRegionRequest.newBuilder()
                                    .setRequestId("evacuation")
                                    .setRegion("north")
                                    .build()))
                    .getMigrationsList();
            run.steps(GROUP_STEPS);
            assertThat(cellCount(run.ranges(), 0) + cellCount(run.ranges(), 1)).isZero();
            assertDone(run.ranges(), evacuated);

            run.finish();
            assertThat(run.node.checkHistory(HistoryChecker.promises(run.simulation.ledger())))
                    .as("seed %d", SEED)
                    .matches(HistoryChecker.Verdict::ok);
            assertThat(run.ranges().getGroupsList()).isEmpty();
            assertThat(run.node.core().ranges().hashMismatchCount()).isZero();
            assertThat(run.node.core().ranges().summary().count())
                    .isEqualTo((long) merged.size() + split.size() + evacuated.size());
            assertThat(run.node.scrape()).contains("hailstorm_migrations_total{outcome=\"done\"}");
        }
    }

    @Test
    void carriesAGroupOnAfterARestart() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            answer(
                    run,
                    run.operator.mergePartitions(MergePartitionsRequest.newBuilder()
                            .setRequestId("merge")
                            .setIntoPartition(2)
                            .setFromPartition(3)
                            .build()));
            run.steps(2);
            assertThat(run.ranges().getGroupsList())
                    .singleElement()
                    .extracting(group -> group.getEndedCount() < group.getMoveCount())
                    .isEqualTo(true);
        }
        try (OperatedNode run = newRun()) {
            run.steps(GROUP_STEPS);
            assertThat(cellCount(run.ranges(), 3)).isZero();
            assertThat(run.ranges().getGroupsList()).isEmpty();
        }
    }

    @Test
    void leavesARangeWhereItIsWhenAbortedBeforeItIsSealed() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            String cell = run.ranges().getPartitions(0).getCells(0);
            answer(run, move(run, "m", cell));
            turnUntil(run, "m", "SEALING");
            answer(run, abort(run, "m", false));
            run.steps(50);
            assertThat(migration(run, "m").getOutcome()).isEqualTo("GIVEN_UP");
            assertThat(run.ranges().getPartitions(0).getCellsList()).contains(cell);
            failsWith(Status.Code.FAILED_PRECONDITION, run, abort(run, "m", false));
            failsWith(Status.Code.NOT_FOUND, run, abort(run, "unheard-of", false));
        }
    }

    @Test
    void takesASealedRangeBackOnlyWhenForcedWhileItsTargetIsServed() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            String cell = run.ranges().getPartitions(0).getCells(0);
            answer(run, move(run, "m", cell));
            turnUntil(run, "m", "SEALED");
            failsWith(Status.Code.FAILED_PRECONDITION, run, abort(run, "m", false));
        }
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            int source = 2;
            String cell = run.ranges().getPartitions(source).getCells(0);
            answer(run, move(run, "back", cell));
            turnUntil(run, "back", "SEALED");
            answer(run, abort(run, "back", true));
            run.steps(50);
            // The target was quicker, or the source has it again two epochs later; either way it is open.
            Migration ended = migration(run, "back");
            assertThat(ended.getOutcome()).isIn("TAKEN_BACK", "DONE");
            int owner = ended.getOutcome().equals("DONE") ? ended.getTargetPartition() : source;
            assertThat(run.ranges().getRangesList())
                    .filteredOn(range -> range.getCellsList().contains(cell))
                    .singleElement()
                    .satisfies(range -> {
                        assertThat(range.getState()).isEqualTo(RangeState.ACTIVE);
                        assertThat(range.getPartition()).isEqualTo(owner);
                        assertThat(range.getEpoch()).isEqualTo(owner == source ? 3 : 2);
                    });
            run.finish();
            assertThat(run.node.checkHistory(HistoryChecker.promises(run.simulation.ledger())))
                    .matches(HistoryChecker.Verdict::ok);
        }
    }

    @Test
    void doesTheSameOnceHoweverOftenItIsAsked() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            SplitPartitionRequest request = SplitPartitionRequest.newBuilder()
                    .setRequestId("split")
                    .setPartition(0)
                    .build();
            var first = answer(run, run.operator.splitPartition(request));
            assertThat(answer(run, run.operator.splitPartition(request))).isEqualTo(first);
            run.steps(GROUP_STEPS);
            int cells = cellCount(run.ranges(), 0);
            answer(run, run.operator.splitPartition(request));
            run.steps(GROUP_STEPS);
            assertThat(cellCount(run.ranges(), 0)).isEqualTo(cells);
            failsWith(
                    Status.Code.INVALID_ARGUMENT,
                    run,
                    run.operator.splitPartition(
                            request.toBuilder().setRequestId("a/b").build()));
        }
    }

    @Test
    void showsWhatRangesHaveInCommonAndWhatWasVoid() throws Exception {
        try (OperatedNode run = newRun()) {
            run.steps(WARM_UP_STEPS);
            String cell = run.ranges().getPartitions(0).getCells(0);
            answer(run, move(run, "m", cell));
            run.steps(50);
            ShowRangesResponse ranges = run.ranges();
            assertThat(ranges.getRangesList())
                    .filteredOn(range -> range.getMigration().equals("m"))
                    .singleElement()
                    .satisfies(range -> {
                        assertThat(range.getParentPartition()).isZero();
                        assertThat(range.getParentSealOffset()).isNotNegative();
                        assertThat(range.getCellsList()).containsExactly(cell);
                        assertThat(range.getRegion()).isEqualTo("sf");
                    });
            assertThat(ranges.getVoidProposalCount()).isZero();
        }
    }

    private OperatedNode newRun() {
        return new OperatedNode(directory, time, SEED, PARTITION_COUNT);
    }

    private static Future<?> move(OperatedNode run, String id, String cell) throws Exception {
        int owner = run.ranges().getPartitionsList().stream()
                .filter(partition -> partition.getCellsList().contains(cell))
                .findFirst()
                .orElseThrow()
                .getPartition();
        return run.operator.moveRange(MoveRangeRequest.newBuilder()
                .setRequestId(id)
                .addCells(cell)
                .setTargetPartition((owner + 1) % PARTITION_COUNT)
                .build());
    }

    private static Future<?> abort(OperatedNode run, String id, boolean force) {
        return run.operator.abortMigration(AbortMigrationRequest.newBuilder()
                .setRequestId("abort")
                .setMigration(id)
                .setForce(force)
                .build());
    }

    private static <T> T answer(OperatedNode run, Future<T> response) throws Exception {
        run.node.turn();
        return response.get();
    }

    private static void failsWith(Status.Code code, OperatedNode run, Future<?> response) {
        run.node.turn();
        assertThatThrownBy(response::get)
                .isInstanceOf(ExecutionException.class)
                .satisfies(e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(code));
    }

    private static void turnUntil(OperatedNode run, String id, String step) throws Exception {
        for (int turn = 0; turn < 200 && !migration(run, id).getStep().equals(step); turn++) {
            run.node.turn();
        }
        assertThat(migration(run, id).getStep()).isEqualTo(step);
    }

    private static Migration migration(OperatedNode run, String id) throws Exception {
        return run.ranges().getMigrationsList().stream()
                .filter(each -> each.getMigration().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static void assertDone(ShowRangesResponse ranges, List<String> migrations) {
        assertThat(migrations).isNotEmpty();
        assertThat(ranges.getMigrationsList())
                .filteredOn(each -> migrations.contains(each.getMigration()))
                .hasSameSizeAs(migrations)
                .allSatisfy(each -> assertThat(each.getOutcome()).isEqualTo("DONE"));
    }

    private static int cellCount(ShowRangesResponse ranges, int partition) {
        return ranges.getPartitionsList().stream()
                .filter(each -> each.getPartition() == partition)
                .mapToInt(PartitionRanges::getCellCount)
                .sum();
    }
}
