package io.hailstorm.node;

import static io.hailstorm.node.HistoryLog.HERE;
import static io.hailstorm.node.HistoryLog.THERE;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.AckLevel;
import io.hailstorm.log.GeoStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the history checker says of drivers who are handed over: a sound hand-over, and one with one thing broken each. */
final class DriverHistoryTest {
    private static final long DRIVER = 42;

    private final HistoryLog log = new HistoryLog();

    @Test
    void acceptsADriverWhoIsHandedOver() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.takeIn(1, DRIVER, 2, 0);
        log.fix(1, HERE, DRIVER, 2, 2); // the border is not behind the driver yet
        log.fix(1, THERE, DRIVER, 2, 3);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok).matches(verdict -> verdict.strays() == 1);
    }

    @Test
    void findsTwoPartitionsUnderOneDriverEpoch() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.fix(1, THERE, DRIVER, 1, 2);

        assertThat(log.check()).matches(verdict -> verdict.acceptorViolations() == 1 && !verdict.ok());
    }

    @Test
    void findsAFixThatWasAcceptedAfterTheHandOver() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.fix(0, HERE, DRIVER, 1, 2);

        assertThat(log.check().acceptorViolations()).isEqualTo(1);
    }

    @Test
    void takesAHandOverUnderAnOldEpochForNothing() {
        log.fix(0, HERE, DRIVER, 3, 1);
        log.handOver(0, DRIVER, 3, 1);
        log.fix(0, HERE, DRIVER, 3, 2);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsADriverTakenInTwiceUnderOneEpoch() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.takeIn(1, DRIVER, 2, 0);
        log.takeIn(2, DRIVER, 2, 0);

        assertThat(log.check().acceptorViolations()).isEqualTo(1);
    }

    @Test
    void findsADriverTakenInWhomNobodyHandedOver() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.takeIn(1, DRIVER, 2, 0);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void findsADriverTakenInByAnotherThanItWasHandedTo() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.takeIn(2, DRIVER, 2, 0);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void acceptsADriverTakenBackAfterTheOtherSideRefused() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.refuse(1, DRIVER, 2, 0);
        log.takeIn(0, DRIVER, 3, 0);
        log.fix(0, HERE, DRIVER, 3, 2);

        assertThat(log.check()).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsADriverTakenBackWithoutTheOthersWord() {
        log.fix(0, HERE, DRIVER, 1, 1);
        log.handOver(0, DRIVER, 2, 1);
        log.takeIn(0, DRIVER, 3, 0);

        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }

    @Test
    void doesNotJudgeHandOversWhoseOtherHalfATakeOverCutOff() {
        log.takeIn(1, DRIVER, 2, 0);
        var gap = new GeoStatus.Gap(StreamName.FIXES, 0, 0, 5, 1, AckLevel.DISK, false);

        log.fix(0, HERE, 7, 1, 1);
        assertThat(log.check(List.of(gap))).matches(HistoryChecker.Verdict::ok);
        assertThat(log.check().lineageViolations()).isEqualTo(1);
    }
}
