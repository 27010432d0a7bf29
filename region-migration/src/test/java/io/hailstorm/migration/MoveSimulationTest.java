package io.hailstorm.migration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.migration.MoveSimulation.Mutation;
import io.hailstorm.migration.MoveSimulation.Violation;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class MoveSimulationTest {
    private static final long SEED = Long.getLong("seed", 1);
    private static final int RUN_COUNT = 60;
    private static final int STEP_COUNT = 400;

    @Test
    void keepsEveryInvariantThroughCrashesDuplicatesAndConcurrentMoves() {
        int done = 0;
        int refused = 0;
        int givenUp = 0;
        for (long seed = SEED; seed < SEED + RUN_COUNT; seed++) {
            MoveSimulation simulation = run(seed, Mutation.NONE);
            simulation.settle();
            done += simulation.doneCount;
            refused += simulation.refusedCount;
            givenUp += simulation.givenUpCount;
        }
        // The runs are worth something only when all three ends were reached many times.
        assertThat(done).isGreaterThan(RUN_COUNT / 2);
        assertThat(refused).isGreaterThan(RUN_COUNT / 30);
        assertThat(givenUp).isGreaterThan(RUN_COUNT / 30);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void noticesThatAProtectionIsMissing(Mutation mutation) {
        assertThatThrownBy(() -> LongStream.range(SEED, SEED + RUN_COUNT).forEach(seed -> run(seed, mutation)))
                .isInstanceOf(Violation.class);
    }

    static Stream<Integer> crashSteps() {
        return Stream.iterate(0, step -> step + 1).limit(60);
    }

    @ParameterizedTest
    @MethodSource("crashSteps")
    void finishesAMoveWhoseCoordinatorDiesAtAnyStep(int crashStep) {
        MoveSimulation simulation = new MoveSimulation(SEED, Mutation.NONE);
        long cell = simulation.cells.get(0);
        simulation.startMove(Set.of(cell), 2);
        for (int step = 0; step < 60; step++) {
            simulation.quietStep(step);
            if (step == crashStep) {
                simulation.crashCoordinator();
            }
            simulation.check();
        }
        simulation.settle();
        if (simulation.table.map().partitionOf(cell) != 2) {
            // It died before anybody knew of the move.
            assertThat(simulation.table.entry(cell).orElseThrow().epoch()).isEqualTo(1);
            assertThat(crashStep).isLessThan(6);
        }
    }

    @ParameterizedTest
    @MethodSource("crashSteps")
    void finishesAMoveWhoseNodeDiesAtAnyStep(int crashStep) {
        MoveSimulation simulation = new MoveSimulation(SEED + crashStep, Mutation.NONE);
        long cell = simulation.cells.get(0);
        simulation.startMove(Set.of(cell), 2);
        for (int step = 0; step < 60; step++) {
            simulation.quietStep(step);
            if (step == crashStep) {
                simulation.crashNode();
            }
            simulation.check();
        }
        simulation.settle();
        assertThat(simulation.table.map().partitionOf(cell)).isIn(0, 2);
    }

    @Test
    void givesTheSameRunForTheSameSeed() {
        MoveSimulation first = run(SEED, Mutation.NONE);
        MoveSimulation second = run(SEED, Mutation.NONE);
        assertThat(second.table.entries()).isEqualTo(first.table.entries());
    }

    private static MoveSimulation run(long seed, Mutation mutation) {
        MoveSimulation simulation = new MoveSimulation(seed, mutation);
        for (int step = 0; step < STEP_COUNT; step++) {
            simulation.step();
            simulation.check();
        }
        return simulation;
    }
}
