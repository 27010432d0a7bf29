package io.hailstorm.migration;

import static io.hailstorm.migration.RangeGuard.ADMITTED;
import static io.hailstorm.migration.RangeGuard.BUFFER;
import static io.hailstorm.migration.RangeGuard.MOVED;
import static io.hailstorm.migration.TestRange.A;
import static io.hailstorm.migration.TestRange.ABORT;
import static io.hailstorm.migration.TestRange.B;
import static io.hailstorm.migration.TestRange.C;
import static io.hailstorm.migration.TestRange.OPEN;
import static io.hailstorm.migration.TestRange.SEAL;
import static io.hailstorm.migration.TestRange.active;
import static io.hailstorm.migration.TestRange.copying;
import static io.hailstorm.migration.TestRange.givenUp;
import static io.hailstorm.migration.TestRange.sealed;
import static io.hailstorm.migration.TestRange.sealing;
import static io.hailstorm.migration.TestRange.step;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Safeguards;
import java.util.List;
import org.junit.jupiter.api.Test;

class RangeGuardTest {
    private final OwnershipTable table = TestRange.table();
    private final RangeGuard guard = new RangeGuard(table, Safeguards.ALL);
    private long nextOffset = 1;

    @Test
    void admitsTheOwnerAloneWhileNothingMoves() {
        expect(ADMITTED, MOVED);
        assertThat(guard.admit(1, C)).isEqualTo(ADMITTED);
        assertThat(guard.admit(0, 1L)).isEqualTo(MOVED);
    }

    @Test
    void closesTheSourceAtTheSealAndOpensTheTargetWhenActive() {
        read(copying("m", A));
        expect(ADMITTED, BUFFER);
        read(sealing());
        expect(ADMITTED, BUFFER);
        guard.onRangeRecord(SEAL);
        expect(MOVED, BUFFER);
        read(sealed(10));
        expect(MOVED, BUFFER);
        guard.onRangeRecord(OPEN);
        expect(MOVED, BUFFER);
        read(active());
        expect(MOVED, ADMITTED);
        assertThat(guard.cellsInFlightCount()).isZero();
        assertThat(guard.admit(0, B)).isEqualTo(ADMITTED);
    }

    @Test
    void holdsFixesUntilTheOpenIsSeenEvenWhenTheTableIsAhead() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(SEAL);
        read(sealed(10));
        read(active());
        expect(MOVED, BUFFER);
        guard.onRangeRecord(OPEN);
        expect(MOVED, ADMITTED);
    }

    @Test
    void staysClosedAfterAnAbortUntilTheTableEndsTheMove() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(SEAL);
        guard.onRangeRecord(ABORT);
        expect(MOVED, BUFFER);
        read(givenUp(RangeState.SEALING));
        expect(ADMITTED, MOVED);
        assertThat(guard.cellsInFlightCount()).isZero();
    }

    /** A log may be read ahead of the table. */
    @Test
    void keepsWhatWasReadOfTheNextMoveWhenTheTableEndsTheOneBefore() {
        read(copying("before", A));
        guard.onRangeRecord(new RangeRecord.Abort("before", 1));
        guard.onRangeRecord(SEAL);
        guard.onRangeRecord(OPEN);
        read(step("before", RangeState.COPYING, RangeState.ACTIVE, 1, 0, -1, -1, A));
        expect(MOVED, MOVED);
        read(copying("m", A));
        expect(MOVED, BUFFER);
        read(sealing());
        read(sealed(10));
        read(active());
        expect(MOVED, ADMITTED);
        assertThat(guard.cellsInFlightCount()).isZero();
    }

    @Test
    void ignoresASealThatComesAfterItsAbort() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(ABORT);
        guard.onRangeRecord(SEAL);
        expect(ADMITTED, BUFFER);
        read(givenUp(RangeState.SEALING));
        guard.onRangeRecord(SEAL);
        expect(ADMITTED, MOVED);
    }

    @Test
    void findsItsStateAgainFromTableAndLogs() {
        read(copying("m", A));
        read(sealing());
        RangeGuard recovered = new RangeGuard(table, Safeguards.ALL);
        recovered.onRangeRecord(SEAL);
        assertThat(recovered.admit(0, A)).isEqualTo(MOVED);
        assertThat(recovered.admit(1, A)).isEqualTo(BUFFER);
        assertThat(recovered.admit(0, B)).isEqualTo(ADMITTED);
    }

    @Test
    void ignoresRecordsOfMovesLongDone() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(SEAL);
        read(sealed(10));
        guard.onRangeRecord(OPEN);
        read(active());
        RangeGuard recovered = new RangeGuard(table, Safeguards.ALL);
        recovered.onRangeRecord(OPEN);
        recovered.onRangeRecord(SEAL);
        recovered.onRangeRecord(ABORT);
        assertThat(recovered.cellsInFlightCount()).isZero();
        assertThat(recovered.admit(1, A)).isEqualTo(ADMITTED);
    }

    @Test
    void keepsASealedRangeClosedWhereItsSealIsNotInTheLog() {
        read(copying("m", A));
        read(sealing());
        expect(ADMITTED, BUFFER);
        read(sealed(10));
        expect(MOVED, BUFFER);
    }

    @Test
    void opensATakenBackRangeAtItsOwnOpenOnly() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(SEAL);
        read(sealed(10));
        guard.onRangeRecord(OPEN);
        read(TestRange.step("m", RangeState.SEALED, RangeState.ACTIVE, 3, 0, 10, 11, A));
        expect(BUFFER, MOVED);
        assertThat(guard.awaitingOpen()).hasSize(1);
        guard.onRangeRecord(OPEN);
        expect(BUFFER, MOVED);
        guard.onRangeRecord(new RangeRecord.Open("m", 3, OPEN.cells(), 0, 10, 0, List.of()));
        expect(ADMITTED, MOVED);
        assertThat(guard.cellsInFlightCount()).isZero();
    }

    @Test
    void remembersASealOfTheEpochThatItsTableHasYetToReach() {
        read(copying("m", A));
        read(sealing());
        guard.onRangeRecord(OPEN);
        guard.onRangeRecord(new RangeRecord.Seal("next", 2, OPEN.cells(), -1, 0));
        read(sealed(10));
        read(active());
        expect(MOVED, MOVED);
    }

    @Test
    void waitsForAnOpenThatIsNotWhereTheTableHasIt() {
        read(copying("m", A));
        read(sealing());
        read(sealed(10));
        read(active());
        RangeGuard recovered = new RangeGuard(table, Safeguards.ALL);
        assertThat(recovered.admit(1, A)).isEqualTo(ADMITTED);
        recovered.awaitOpen(OPEN.cells());
        assertThat(recovered.admit(1, A)).isEqualTo(BUFFER);
        recovered.onRangeRecord(OPEN);
        assertThat(recovered.admit(1, A)).isEqualTo(ADMITTED);
    }

    @Test
    void isToldAgainByTheMemoryWhatWasNotLost() {
        RangeMemory memory = new RangeMemory();
        memory.onAppended(0, SEAL);
        memory.onAppended(1, OPEN);
        memory.onDurable(0, SEAL);
        memory.onLost(1);
        memory.onLost(0);
        assertThat(memory.of("m")).containsExactly(SEAL);
        read(copying("m", A));
        read(sealing());
        RangeGuard told = new RangeGuard(table, Safeguards.ALL);
        memory.tell(told);
        assertThat(told.admit(0, A)).isEqualTo(MOVED);
        memory.forget("m");
        assertThat(memory.of("m")).isEmpty();
    }

    private void expect(int source, int target) {
        assertThat(guard.admit(0, A)).as("source").isEqualTo(source);
        assertThat(guard.admit(1, A)).as("target").isEqualTo(target);
    }

    private void read(ControlRecord record) {
        ControlOutcome outcome = table.apply(nextOffset++, record);
        assertThat(outcome).isInstanceOf(ControlOutcome.Applied.class);
        guard.onControl(outcome);
    }
}
