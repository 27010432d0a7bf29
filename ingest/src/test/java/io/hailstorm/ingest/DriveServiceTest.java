package io.hailstorm.ingest;

import static io.hailstorm.ingest.EdgeHarness.EAST;
import static io.hailstorm.ingest.EdgeHarness.PARIS;
import static io.hailstorm.ingest.EdgeHarness.START_MS;
import static io.hailstorm.ingest.EdgeHarness.WEST;
import static io.hailstorm.ingest.EdgeHarness.fix;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.FixRejection;
import io.hailstorm.protocol.v1.RejectedFix;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a phone sees of its stream. */
class DriveServiceTest {
    private static final long DRIVER = 42;

    private EdgeHarness edge = new EdgeHarness();

    @AfterEach
    void close() {
        edge.close();
    }

    private EdgeHarness.Phone welcomed() {
        EdgeHarness.Phone phone = edge.phone(DRIVER, 1);
        edge.turn();
        assertThat(phone.received.getFirst().hasWelcome()).isTrue();
        return phone;
    }

    @Test
    void acknowledgesOnlyWhatIsDurable() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST), edge.fix(2, WEST));

        edge.agent.doWork(edge.time.epochMs());
        edge.agent.doWork(edge.time.epochMs());
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 2L);
        assertThat(phone.ackedSeq()).isZero();
        assertThat(phone.acceptedCount()).isZero();

        edge.log.sync();
        edge.agent.doWork(edge.time.epochMs());
        assertThat(phone.ackedSeq()).isEqualTo(2);
        assertThat(phone.acceptedCount()).isEqualTo(2);
    }

    @Test
    void answersAResentFixAsDuplicate() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST), edge.fix(1, WEST));
        edge.turn();
        phone.send(edge.fix(1, WEST));
        edge.turn();

        assertThat(edge.acceptedSeqs()).containsExactly(1L);
        assertThat(phone.duplicateCount()).isEqualTo(2);
        assertThat(phone.acceptedCount()).isEqualTo(1);
    }

    @Test
    void putsFixesBackInOrder() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(3, WEST), edge.fix(2, WEST));
        edge.turn();
        assertThat(edge.acceptedSeqs()).isEmpty();

        phone.send(edge.fix(1, WEST));
        edge.turn();
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 2L, 3L);
        assertThat(phone.ackedSeq()).isEqualTo(3);
    }

    @Test
    void skipsAGapAfterTwoSecondsAndTakesTheMissingFixAsLate() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST), edge.fix(3, WEST));
        edge.time.advanceMs(1_999);
        edge.turn();
        assertThat(edge.acceptedSeqs()).containsExactly(1L);

        edge.time.advanceMs(2_000);
        edge.turn();
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 3L);
        assertThat(phone.ackedSeq()).as("2 is still missing").isEqualTo(1);

        phone.send(edge.fix(2, WEST));
        edge.turn();
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 3L);
        assertThat(edge.lateSeqs()).containsExactly(2L);
        assertThat(phone.lateCount()).isEqualTo(1);
        assertThat(phone.ackedSeq()).isEqualTo(3);
    }

    @Test
    void skipsAGapWhenSixtyFourFixesWait() {
        EdgeHarness.Phone phone = welcomed();
        for (int seq = 2; seq <= 64; seq++) {
            phone.send(edge.fix(seq, WEST));
        }
        edge.turn();
        assertThat(edge.acceptedSeqs()).isEmpty();
        phone.send(edge.fix(65, WEST));
        edge.turn();
        assertThat(edge.acceptedSeqs()).hasSize(64).first().isEqualTo(2L);
    }

    @Test
    void correctsAClockOffsetReadOffADelayedHello() {
        EdgeHarness.Phone phone = welcomed();
        long now = edge.time.epochMs();
        phone.send(fix(1, WEST, now + 30_000), fix(2, WEST, now + 30_000));
        edge.time.advanceMs(1_000);
        phone.send(fix(3, WEST, now + 31_000));
        edge.turn();

        assertThat(edge.acceptedSeqs()).containsExactly(1L, 2L, 3L);
        assertThat(phone.rejected()).isEmpty();
    }

    @Test
    void rejectsWithEachReason() {
        EdgeHarness.Phone phone = welcomed();
        GeoPoint far = new GeoPoint(WEST.latE7() + 200_000, WEST.lonE7());
        edge.time.advanceMs(10_000);
        long now = edge.time.epochMs();
        phone.send(
                fix(1, WEST, now - 5_000),
                fix(2, new GeoPoint(0, 0), now),
                fix(3, new GeoPoint(900_000_001, 0), now),
                fix(4, PARIS, now),
                fix(5, far, now),
                fix(6, WEST, now + 60_001),
                fix(0, WEST, now),
                fix(2_000, WEST, now),
                fix(7, WEST, Long.MAX_VALUE));
        edge.turn();

        assertThat(phone.rejected())
                .extracting(RejectedFix::getSeq, RejectedFix::getReason)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(2L, FixRejection.COORDINATES_OUT_OF_RANGE),
                        org.assertj.core.groups.Tuple.tuple(3L, FixRejection.COORDINATES_OUT_OF_RANGE),
                        org.assertj.core.groups.Tuple.tuple(4L, FixRejection.OUTSIDE_REGION),
                        org.assertj.core.groups.Tuple.tuple(5L, FixRejection.IMPLAUSIBLE_SPEED),
                        org.assertj.core.groups.Tuple.tuple(6L, FixRejection.CLOCK_SKEW),
                        org.assertj.core.groups.Tuple.tuple(0L, FixRejection.SEQ_OUT_OF_WINDOW),
                        org.assertj.core.groups.Tuple.tuple(2_000L, FixRejection.SEQ_OUT_OF_WINDOW),
                        org.assertj.core.groups.Tuple.tuple(7L, FixRejection.CLOCK_SKEW));
        assertThat(edge.acceptedSeqs()).containsExactly(1L);
        assertThat(phone.ackedSeq()).isEqualTo(7);
        assertThat(edge.lateSeqs()).as("a rejected fix is no late fix").isEmpty();
    }

    @Test
    void sendsTooOldFixesToTheLateStream() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(fix(1, WEST, START_MS - 300_001), edge.fix(2, WEST));
        edge.turn();
        assertThat(edge.lateSeqs()).containsExactly(1L);
        assertThat(edge.acceptedSeqs()).containsExactly(2L);
        assertThat(phone.ackedSeq()).isEqualTo(2);
    }

    @Test
    void believesThreeImplausibleFixesThatAgree() {
        EdgeHarness.Phone phone = welcomed();
        GeoPoint far = new GeoPoint(WEST.latE7() + 300_000, WEST.lonE7());
        phone.send(edge.fix(1, WEST), edge.fix(2, far), edge.fix(3, far), edge.fix(4, far), edge.fix(5, far));
        edge.turn();
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 4L, 5L);
        assertThat(phone.rejected()).hasSize(2);
    }

    @Test
    void movesAuthorityWithHysteresisAndANewDriverEpoch() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST));
        edge.turn();
        edge.time.advanceMs(600_000);
        for (int seq = 2; seq <= 5; seq++) {
            phone.send(edge.fix(seq, EAST));
            edge.turn();
        }
        edge.turn();

        assertThat(edge.seqs(StreamName.FIXES, 0, RecordType.FIX)).containsExactly(1L, 2L, 3L);
        assertThat(edge.seqs(StreamName.FIXES, 1, RecordType.FIX)).containsExactly(4L, 5L);
        assertThat(driverEpoch(0, 2)).isEqualTo(1);
        assertThat(driverEpoch(1, 0)).isEqualTo(2);
    }

    private int driverEpoch(int partition, int offset) {
        byte[] bytes = edge.log
                .partition(StreamName.FIXES, partition)
                .entries
                .get(offset)
                .bytes();
        return new FixView().wrap(new UnsafeBuffer(bytes), 0).de();
    }

    @Test
    void holdsFixesOfASealedRangeAndLosesNone() {
        EdgeHarness.Phone phone = welcomed();
        edge.holdRanges = true;
        for (int seq = 1; seq <= 100; seq++) {
            phone.send(edge.fix(seq, WEST));
        }
        edge.turn();
        edge.time.advanceMs(10_000);
        edge.turn();
        assertThat(edge.acceptedSeqs()).isEmpty();
        assertThat(phone.ackedSeq()).isZero();

        edge.holdRanges = false;
        edge.turn();
        assertThat(edge.acceptedSeqs()).hasSize(100).isSorted();
        assertThat(phone.ackedSeq()).isEqualTo(100);
    }

    @Test
    void losesNothingUnderBackPressureAndARingThatIsFull() {
        edge.close();
        edge = new EdgeHarness(IngestConfig.defaults().withRingBytes(1 << 16).withoutRateLimits(), new ManualLog(2));
        List<EdgeHarness.Phone> phones = new ArrayList<>();
        for (int driver = 1; driver <= 20; driver++) {
            phones.add(edge.phone(driver, 1));
        }
        edge.turn();
        edge.log.backPressured = true;
        for (int seq = 1; seq <= 1000; seq++) {
            for (EdgeHarness.Phone phone : phones) {
                phone.send(edge.fix(seq, WEST));
            }
            if (seq % 100 == 0) {
                edge.turn();
            }
        }
        assertThat(edge.acceptedSeqs()).isEmpty();
        assertThat(edge.registry
                        .counter("hailstorm.ingest.backpressure", "cause", "ring")
                        .count())
                .isPositive();

        edge.log.backPressured = false;
        for (int i = 0; i < 200; i++) {
            edge.turn();
        }
        for (EdgeHarness.Phone phone : phones) {
            assertThat(phone.ackedSeq()).isEqualTo(1000);
            assertThat(phone.acceptedCount()).isEqualTo(1000);
        }
    }

    @Test
    void stopsReadingAStreamThatHasTooMuchUnacknowledged() {
        edge.close();
        edge = new EdgeHarness(IngestConfig.defaults().withMaxInFlightFixes(10), new ManualLog(2));
        EdgeHarness.Phone phone = welcomed();
        for (int seq = 1; seq <= 100; seq++) {
            phone.send(edge.fix(seq, WEST));
        }
        edge.agent.doWork(edge.time.epochMs());
        edge.agent.doWork(edge.time.epochMs());
        assertThat(edge.acceptedSeqs()).hasSize(10);

        for (int i = 0; i < 30; i++) {
            edge.turn();
        }
        assertThat(phone.ackedSeq()).isEqualTo(100);
    }

    @Test
    void remembersAcrossARestartWhatIsInTheLogAndOnlyThat() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST), edge.fix(2, PARIS), edge.fix(3, WEST));
        edge.turn();
        phone.send(edge.fix(4, WEST), edge.fix(5, WEST));
        edge.agent.doWork(edge.time.epochMs());
        assertThat(edge.acceptedSeqs()).containsExactly(1L, 3L, 4L, 5L);

        EdgeHarness old = edge;
        edge = old.restarted();
        old.close();
        EdgeHarness.Phone again = edge.phone(DRIVER, 1);
        edge.turn();
        assertThat(again.received.getFirst().getWelcome().getAckedSeq()).isEqualTo(3);
        again.send(edge.fix(3, WEST), edge.fix(4, WEST), edge.fix(5, WEST), edge.fix(6, WEST));
        edge.turn();

        assertThat(edge.acceptedSeqs()).containsExactly(1L, 3L, 4L, 5L, 6L);
        assertThat(again.duplicateCount()).isEqualTo(1);
        assertThat(again.acceptedCount()).isEqualTo(3);
        assertThat(again.ackedSeq()).isEqualTo(6);
    }

    @Test
    void checkpointsHoldOnlyWhatIsDurable() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST), edge.fix(2, WEST));
        edge.turn();
        phone.send(edge.fix(3, WEST), edge.fix(5, WEST));
        edge.agent.doWork(edge.time.epochMs());

        List<SessionSnapshot> snapshots = new ArrayList<>();
        edge.agent.forEachSession(snapshots::add);
        SessionSnapshot snapshot = snapshots.getFirst();
        assertThat(snapshots).hasSize(1);
        assertThat(snapshot.contiguousSeq()).isEqualTo(2);
        assertThat(snapshot.lastSeq()).isEqualTo(2);
        assertThat(snapshot.seenMask()).isEmpty();
        assertThat(edge.agent.checkpointOffset(StreamName.FIXES, 0)).isEqualTo(2);

        edge.time.advanceMs(3_000);
        edge.turn();
        snapshots.clear();
        edge.agent.forEachSession(snapshots::add);
        EdgeHarness fresh = new EdgeHarness();
        fresh.agent.restore(snapshots.getFirst());
        fresh.time.advanceMs(3_000);
        EdgeHarness.Phone again = fresh.phone(DRIVER, 1);
        fresh.turn();
        again.send(fresh.fix(5, WEST), fresh.fix(4, WEST), fresh.fix(6, WEST));
        fresh.turn();
        assertThat(again.received.getFirst().getWelcome().getAckedSeq()).isEqualTo(3);
        assertThat(again.duplicateCount()).as("5 is durable").isEqualTo(1);
        assertThat(again.lateCount()).as("4 was skipped").isEqualTo(1);
        assertThat(again.ackedSeq()).isEqualTo(6);
        fresh.close();
    }

    @Test
    void endsTheOldStreamWhenANewerSessionComesAndRefusesAnOlderOne() {
        EdgeHarness.Phone old = welcomed();
        EdgeHarness.Phone newer = edge.phone(DRIVER, 2);
        edge.turn();
        assertThat(old.completed).isTrue();
        assertThat(old.received.getLast().getDirective().getKind()).isEqualTo(Directive.Kind.SUPERSEDED);
        newer.send(edge.fix(1, WEST));
        edge.turn();
        assertThat(newer.ackedSeq()).isEqualTo(1);

        EdgeHarness.Phone stale = edge.phone(DRIVER, 1);
        edge.turn();
        assertThat(stale.failure).isNotNull();
        assertThat(stale.failure.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    }

    @Test
    void settlesEverythingBeforeAHalfClosedStreamEnds() {
        EdgeHarness.Phone phone = welcomed();
        phone.send(edge.fix(1, WEST));
        phone.requests.onCompleted();
        edge.agent.doWork(edge.time.epochMs());
        assertThat(phone.completed).isFalse();
        edge.turn();
        assertThat(phone.completed).isTrue();
        assertThat(phone.ackedSeq()).isEqualTo(1);
        edge.turn();
        assertThat(edge.registry.get("hailstorm.ingest.streams").gauge().value())
                .isZero();
    }

    @Test
    void refusesBatchesBeyondTheRateWithARetryDelay() {
        EdgeHarness.Phone phone = welcomed();
        for (int seq = 1; seq <= 501; seq++) {
            phone.send(edge.fix(seq, WEST));
            edge.turn();
        }
        assertThat(phone.failure).isNotNull();
        assertThat(phone.failure.getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        assertThat(phone.failure.getDescription()).contains("retry after");
    }

    @Test
    void refusesFixesBeforeHello() {
        EdgeHarness.Phone phone = edge.phone(DRIVER, 0);
        assertThat(phone.failure).isNotNull();
        assertThat(phone.failure.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    /** Resends, reorder, crashes at random: the visible record is strictly increasing and acknowledged means in the log. */
    @Test
    void keepsItsPromisesUnderRandomDisorderAndCrashes() {
        long seed = Long.getLong("seed", 7);
        System.out.println("seed=" + seed);
        Random random = new Random(seed);
        EdgeHarness.Phone phone = welcomed();
        List<Fix> unacked = new ArrayList<>();
        long nextSeq = 1;
        long acked = 0;
        for (int step = 0; step < 1_500; step++) {
            edge.time.advanceMs(300);
            unacked.add(edge.fix(nextSeq++, WEST));
            long ackedNow = acked;
            unacked.removeIf(fix -> fix.getSeq() <= ackedNow);
            List<Fix> toSend = new ArrayList<>(unacked.subList(Math.max(0, unacked.size() - 4), unacked.size()));
            if (random.nextInt(4) == 0) {
                toSend = new ArrayList<>(unacked.subList(0, Math.min(unacked.size(), 200)));
            }
            if (random.nextInt(3) == 0) {
                java.util.Collections.shuffle(toSend, random);
            }
            if (!toSend.isEmpty() && random.nextInt(5) != 0) {
                phone.send(toSend.toArray(new Fix[0]));
            }
            edge.agent.doWork(edge.time.epochMs());
            if (random.nextInt(3) == 0) {
                edge.turn();
            }
            acked = Math.max(acked, phone.ackedSeq());
            if (random.nextInt(100) == 0) {
                EdgeHarness old = edge;
                edge = old.restarted();
                old.close();
                phone = edge.phone(DRIVER, 1);
                edge.turn();
                acked = Math.max(acked, phone.received.getFirst().getWelcome().getAckedSeq());
            }
        }
        List<Long> accepted = edge.acceptedSeqs();
        List<Long> all = new ArrayList<>(accepted);
        all.addAll(edge.lateSeqs());
        assertThat(accepted).isSorted().doesNotHaveDuplicates();
        assertThat(all).doesNotHaveDuplicates();
        for (long seq = 1; seq <= acked; seq++) {
            assertThat(all).contains(seq);
        }
        assertThat(acked).isGreaterThan(1_300);
    }
}
