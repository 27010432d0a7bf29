package io.hailstorm.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.migration.MoveInvariants.Violation;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MoveSimulationTest {
    private static final long SEED = Long.getLong("seed", 1);
    private static final int RUN_COUNT = Integer.getInteger("runs", 60);
    private static final int STEP_COUNT = 500;
    private static final int CRASH_STEP_COUNT = 100;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void keepsEveryInvariantThroughCrashesTakeoversDuplicatesAndConcurrentMoves(int nodeCount) {
        int done = 0;
        int refused = 0;
        int givenUp = 0;
        int takenBack = 0;
        for (long seed = SEED; seed < SEED + RUN_COUNT; seed++) {
            MoveSimulation simulation = run(seed, nodeCount, Safeguards.ALL);
            done += simulation.doneCount;
            refused += simulation.refusedCount;
            givenUp += simulation.givenUpCount;
            takenBack += simulation.takenBackCount;
        }
        // The runs are worth something only when all ends were reached many times.
        assertThat(done).isGreaterThan(RUN_COUNT / 2);
        assertThat(refused).isGreaterThan(RUN_COUNT / 30);
        assertThat(givenUp).isGreaterThan(RUN_COUNT / 30);
        assertThat(takenBack).isGreaterThan(RUN_COUNT / 30);
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "NO_TIMER_REOPENS",
                "DRAIN_BEFORE_OPEN",
                "SERVE_AFTER_ACTIVE",
                "DEDUPE",
                "ACK_AFTER_SYNC",
                "SEAL_DURABLE",
                "COPY_DURABLE",
                "OPEN_WITH_STATE",
                "REACTIVATE_BY_CONTROL"
            })
    void noticesThatASafeguardIsMissing(Safeguard safeguard) {
        Safeguards without = Safeguards.without(safeguard);
        assertThatThrownBy(() -> LongStream.range(SEED, SEED + 100L * RUN_COUNT).forEach(seed -> run(seed, 2, without)))
                .isInstanceOf(Violation.class);
    }

    static Stream<Integer> crashSteps() {
        return Stream.iterate(0, step -> step + 1).limit(CRASH_STEP_COUNT);
    }

    @ParameterizedTest
    @MethodSource("crashSteps")
    void finishesAMoveWhateverNodeDiesAtAnyStep(int crashStep) {
        for (int dying = 0; dying < 3; dying++) {
            for (boolean isReplaced : new boolean[] {false, true}) {
                MoveSimulation simulation = new MoveSimulation(SEED + crashStep, 3, Safeguards.ALL);
                long cell = simulation.cells.get(0);
                simulation.startMove(Set.of(cell), 2);
                for (int step = 0; step < CRASH_STEP_COUNT; step++) {
                    simulation.quietStep(step);
                    if (step == crashStep) {
                        if (isReplaced) {
                            simulation.replace(dying);
                        } else {
                            simulation.crash(dying);
                        }
                    }
                    simulation.check();
                }
                simulation.settle();
                RangeEntry entry = simulation.nodes.getFirst().table.entry(cell).orElseThrow();
                // Unless it died before anybody knew of the move.
                assertThat(entry.ownerPartition() == 2 || (entry.epoch() == 1 && crashStep < 12))
                        .as("%s after the crash of node %d at step %d", entry, dying, crashStep)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("crashSteps")
    void carriesAGroupOnWhateverNodeDiesAtAnyStep(int crashStep) {
        MoveSimulation simulation = new MoveSimulation(SEED + crashStep, 3, Safeguards.ALL);
        simulation.startGroup(2);
        simulation.logs.flushControl();
        for (int step = 0; step < CRASH_STEP_COUNT; step++) {
            simulation.quietStep(step);
            if (step == crashStep) {
                simulation.replace(crashStep % 3);
            }
            simulation.check();
        }
        simulation.settle();
        OwnershipTable table = simulation.nodes.getFirst().table;
        assertThat(table.groups()).isEmpty();
        assertThat(table.map().cellsOf(2)).hasSameElementsAs(simulation.cells);
    }

    @Test
    void givesTheSameRunForTheSameSeed() {
        MoveSimulation first = run(SEED, 3, Safeguards.ALL);
        MoveSimulation second = run(SEED, 3, Safeguards.ALL);
        assertThat(second.nodes.getFirst().table.entries())
                .isEqualTo(first.nodes.getFirst().table.entries());
    }

    private static MoveSimulation run(long seed, int nodeCount, Safeguards safeguards) {
        MoveSimulation simulation = new MoveSimulation(seed, nodeCount, safeguards);
        for (int step = 0; step < STEP_COUNT; step++) {
            simulation.step();
            simulation.check();
        }
        simulation.settle();
        return simulation;
    }
}
