package io.hailstorm.node;

import static io.hailstorm.node.HistoryLog.BESIDE;
import static io.hailstorm.node.HistoryLog.HERE;
import static io.hailstorm.node.HistoryLog.THERE;
import static io.hailstorm.node.HistoryLog.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.GeoStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the history checker says of ranges: a sound move, and the same move with one thing broken each. */
final class RangeHistoryTest {
    private static final long DRIVER = 42;
    private static final long OTHER = 43;

    private final HistoryLog log = new HistoryLog();
    private final HistoryLog.Move move = log.move();

    /** A driver on either side of the move, and one whose range stays. */
    private void before() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.fix(0, BESIDE, OTHER, 1, 1);
        log.fix(0, HERE, DRIVER, 1, 2);
    }

    @Test
    void acceptsARangeThatMoves() {
        before();
        move.begin();
        log.fix(0, HERE, DRIVER, 1, 3);
        move.seal();
        log.fix(0, BESIDE, OTHER, 1, 2);
        move.seals().open(at(DRIVER, 1, 3)).activate();
        log.fix(1, HERE, DRIVER, 2, 4);

        HistoryChecker.Verdict verdict = log.check();

        assertThat(verdict).matches(HistoryChecker.Verdict::ok);
        assertThat(verdict.strays()).isZero();
    }

    @Test
    void findsAFixBehindTheSeal() {
        before();
        move.begin().seal();
        log.fix(0, HERE, DRIVER, 1, 3);
        move.seals().open(at(DRIVER, 1, 2)).activate();

        assertThat(log.check()).matches(verdict -> verdict.epochViolations() == 1 && !verdict.ok());
    }

    @Test
    void findsAFixBehindTheSealOfAMoveThatNeverEnded() {
        before();
        move.begin().seal();
        log.fix(0, HERE, DRIVER, 1, 3);

        assertThat(log.check().epochViolations()).isEqualTo(1);
    }

    @Test
    void acceptsADriverWhoStaysBehindOnceTheRangeHasItsNextOwner() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 2)).activate();
        log.fix(0, HERE, DRIVER, 1, 3);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok).matches(verdict -> verdict.strays() == 1);
    }

    @Test
    void findsAFixBetweenOpenAndActive() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 2));
        log.fix(1, HERE, DRIVER, 2, 3);
        move.activate();

        assertThat(log.check().epochViolations()).isEqualTo(1);
    }

    @Test
    void findsADriverEpochThatBeginsOffItsGround() {
        log.fix(1, HERE, DRIVER, 1, 1);

        assertThat(log.check().epochViolations()).isEqualTo(1);
    }

    @Test
    void findsADriverEpochThatBeginsWhereARangeWas() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 2)).activate();
        log.fix(0, HERE, 44, 1, 1);

        assertThat(log.check().epochViolations()).isEqualTo(1);
    }

    @Test
    void acceptsTheFirstFixesOfADriverBeyondTheBorder() {
        log.fix(1, THERE, DRIVER, 1, 1);
        log.fix(1, HERE, DRIVER, 1, 2);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok).matches(verdict -> verdict.strays() == 1);
    }

    @Test
    void findsTwoPartitionsThatOpenedARangeAtOneEpoch() {
        before();
        move.begin().seal().seals().open(2, 2, move.sealOffset, at(DRIVER, 1, 2));
        log.takeIn(2, OTHER, 9, 0);
        log.fix(2, HERE, OTHER, 9, 9);
        move.open(at(DRIVER, 1, 2)).activate();
        log.fix(1, HERE, DRIVER, 2, 3);

        assertThat(log.check().acceptorViolations()).isEqualTo(1);
    }

    @Test
    void findsASealedThatNamesNoSeal() {
        before();
        move.begin().seal().seals(move.sealOffset + 1);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsASealThatIsGone() {
        before();
        move.begin().seals(7);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void allowsForASealThatATakeOverCutOff() {
        before();
        move.begin().seals(7);
        var gap = new GeoStatus.Gap(StreamName.FIXES, 0, 5, 9, 1, AckLevel.DISK, true);

        assertThat(log.check(List.of(gap))).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsAnActiveThatNamesNoOpen() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 2)).activate(move.openOffset + 1);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsAnOpenWithoutState() {
        before();
        move.begin().seal().seals().open().activate();

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsAnOpenWithAStaleState() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 1)).activate();

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsAnOpenThatNamesAnotherSeal() {
        before();
        move.begin().seal().seals().open(1, 2, move.sealOffset - 1, at(DRIVER, 1, 2));
        move.activate();

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsASealOfAnotherEpochThanTheRangeHas() {
        before();
        move.begin().seal(2).seals().open(at(DRIVER, 1, 2)).activate();

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void takesAnOpenThatTheTableDoesNotNameForNothing() {
        before();
        move.begin().seal().seals().open().takeBack();
        move.open(0, 3, move.sealOffset, at(DRIVER, 1, 2));
        log.fix(0, HERE, DRIVER, 1, 3);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsATargetThatServesARangeTheSourceTookBack() {
        before();
        move.begin().seal().seals().open(at(DRIVER, 1, 2)).takeBack();
        move.open(0, 3, move.sealOffset, at(DRIVER, 1, 2));
        log.fix(1, HERE, DRIVER, 2, 3);

        assertThat(log.check().epochViolations()).isEqualTo(1);
    }

    @Test
    void takesTheSealOfAMoveThatWasGivenUpForNothing() {
        before();
        move.begin().seal().giveUp();
        log.fix(0, HERE, DRIVER, 1, 3);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void followsARangeThatMovesOn() {
        before();
        log.fix(0, HERE, 44, 1, 1);
        move.begin().seal().seals().open(at(DRIVER, 1, 2), at(44, 1, 1)).activate();
        log.fix(1, HERE, DRIVER, 2, 3);
        HistoryLog.Move on = log.move("on", 1, 2, 2);
        on.begin().seal().seals().open(at(DRIVER, 2, 3), at(44, 1, 1)).activate();
        log.fix(2, HERE, 44, 2, 2);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsThatAMoveForgotWhatTheOneBeforeHadBrought() {
        before();
        log.fix(0, HERE, 44, 1, 1);
        move.begin().seal().seals().open(at(DRIVER, 1, 2), at(44, 1, 1)).activate();
        HistoryLog.Move on = log.move("on", 1, 2, 2);
        on.begin().seal().seals().open(at(DRIVER, 1, 2)).activate();

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }
}
