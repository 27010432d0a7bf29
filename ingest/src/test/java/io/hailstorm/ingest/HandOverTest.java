package io.hailstorm.ingest;

import static io.hailstorm.ingest.EdgeHarness.EAST;
import static io.hailstorm.ingest.EdgeHarness.OTHER_NODE;
import static io.hailstorm.ingest.EdgeHarness.WEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverHandedOver;
import io.hailstorm.protocol.v1.DriverTakenIn;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Fix;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two nodes on one log: the first serves the west, the second the east. */
class HandOverTest {
    private static final long DRIVER = 42;
    private static final long SESSION = 7;

    private final ManualLog log = new ManualLog(2);
    private final EdgeHarness west = new EdgeHarness(IngestConfig.defaults(), log);
    private final EdgeHarness east = new EdgeHarness(IngestConfig.defaults(), log);

    HandOverTest() {
        west.served[1] = false;
        east.served[0] = false;
    }

    @AfterEach
    void close() {
        west.close();
        east.close();
    }

    private static Optional<Directive> sentAway(EdgeHarness.Phone phone) {
        return phone.received.stream()
                .filter(DriveResponse::hasDirective)
                .map(DriveResponse::getDirective)
                .findFirst();
    }

    /** The way is long, so time must pass, or the speed were not plausible. */
    private Fix[] eastward(long firstSeq) {
        west.time.advanceMs(600_000);
        east.time.advanceMs(600_000);
        Fix[] fixes = new Fix[4];
        for (int i = 0; i < fixes.length; i++) {
            fixes[i] = west.fix(firstSeq + i, EAST);
        }
        return fixes;
    }

    @Test
    void handsADriverWhoCrossesOverToTheOtherNode() {
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, WEST), west.fix(2, WEST));
        west.turn();
        Fix[] across = eastward(3);
        phone.send(across);
        west.turn();
        west.turn();

        assertThat(sentAway(phone)).get().extracting(Directive::getEndpoint).isEqualTo(OTHER_NODE);
        assertThat(phone.completed).isTrue();

        east.followOthers();
        EdgeHarness.Phone there = east.phone(DRIVER, SESSION);
        east.turn();
        long resumeAfter = there.received.getFirst().getWelcome().getAckedSeq();
        assertThat(resumeAfter).isEqualTo(phone.ackedSeq());
        there.send(List.of(across).stream()
                .filter(fix -> fix.getSeq() > resumeAfter)
                .toArray(Fix[]::new));
        east.turn();

        assertThat(there.ackedSeq()).isEqualTo(6);
        assertThat(east.acceptedSeqs()).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L);
        assertThat(lastDe(0)).isLessThan(firstDe(1));
    }

    /** Three implausible fixes that agree are believed; the third is the first that the other node may accept. */
    @Test
    void countsImplausibleFixesOnAtTheOtherNode() {
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, WEST));
        west.turn();
        west.time.advanceMs(600_000);
        east.time.advanceMs(600_000);
        GeoPoint far = new GeoPoint(EAST.latE7() - 400_000, EAST.lonE7());
        phone.send(west.fix(2, EAST), west.fix(3, EAST), west.fix(4, far), west.fix(5, far), west.fix(6, far));
        for (int turn = 0; turn < 4; turn++) {
            west.turn();
        }
        assertThat(sentAway(phone)).isPresent();
        assertThat(phone.rejected()).hasSize(2);

        east.followOthers();
        EdgeHarness.Phone there = east.phone(DRIVER, SESSION);
        east.turn();
        assertThat(there.received.getFirst().getWelcome().getAckedSeq()).isEqualTo(5);
        there.send(west.fix(6, far));
        east.turn();

        assertThat(there.ackedSeq()).isEqualTo(6);
        assertThat(there.rejected()).isEmpty();
    }

    /** Nobody there may write it down, so whoever serves something is to have it. */
    @Test
    void sendsADriverWithALateFixOnFromANodeThatServesNothing() {
        west.served[0] = false;
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        long longAgoMs = west.time.epochMs() - west.config.latenessMs() - 1;
        phone.send(EdgeHarness.fix(1, WEST, longAgoMs));
        west.turn();

        assertThat(sentAway(phone)).get().extracting(Directive::getEndpoint).isEqualTo(OTHER_NODE);
        assertThat(phone.completed).isTrue();
        assertThat(west.lateSeqs()).isEmpty();
    }

    /** Another node may come to serve the west without having read the east. */
    @Test
    void leavesARecordOfADriverWhoPassesBetweenPartitionsOfOneNode() {
        west.served[1] = true;
        west.isShared = true;
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, WEST), west.fix(2, WEST));
        west.turn();
        phone.send(eastward(3));
        for (int turn = 0; turn < 5; turn++) {
            west.turn();
        }

        assertThat(phone.completed).isFalse();
        assertThat(phone.ackedSeq()).isEqualTo(6);
        assertThat(events(0)).containsExactly(Event.PayloadCase.DRIVER_HANDED_OVER);
        assertThat(events(1)).containsExactly(Event.PayloadCase.DRIVER_TAKEN_IN);
        assertThat(lastDe(0)).isLessThan(firstDe(1));
    }

    @Test
    void takesADriverInWhoseNewEpochARangeNamedBefore() {
        Event out = Event.newBuilder()
                .setDriverHandedOver(DriverHandedOver.newBuilder()
                        .setDriver(DRIVER)
                        .setSession(SESSION)
                        .setDe(2)
                        .setToPartition(1))
                .build();
        Event in = Event.newBuilder()
                .setDriverTakenIn(
                        DriverTakenIn.newBuilder().setDriver(DRIVER).setDe(2).setFromPartition(0))
                .build();
        west.agent.recoverHandOver(0, out);
        west.agent.recoverOpened(DRIVER, 2, SESSION, 5);
        west.agent.recoverHandOver(1, in);

        assertThat(west.agent.authorityOf(DRIVER)).isEqualTo(1);
    }

    /** It is nobody's yet, so no partition's drivers name it. */
    @Test
    void letsADriverGoWhoseFirstLateFixIsInAPartitionThatGoes() {
        west.served[1] = true;
        west.isShared = true;
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        long longAgoMs = west.time.epochMs() - west.config.latenessMs() - 1;
        phone.send(EdgeHarness.fix(1, EAST, longAgoMs), west.fix(2, EAST));
        west.agent.doWork(west.time.epochMs());

        log.crash();
        west.served[0] = false;
        west.agent.lose(0);
        assertThat(phone.completed).isTrue();

        EdgeHarness.Phone again = west.phone(DRIVER, SESSION);
        west.turn();
        again.send(EdgeHarness.fix(1, EAST, longAgoMs), west.fix(2, EAST));
        west.turn();
        west.turn();
        assertThat(again.ackedSeq()).isEqualTo(2);
    }

    /** Read ahead, a late fix of a newer session must not hide whose the driver is. */
    @Test
    void learnsWhoseADriverIsFromAnOlderSession() {
        west.agent.recover(0, recorded(SESSION + 1, 0), true);
        west.agent.recover(0, recorded(SESSION, 1), false);

        assertThat(west.agent.authorityOf(DRIVER)).isZero();
    }

    private static FixView recorded(long session, int de) {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[FixDescriptor.LENGTH]);
        buffer.putLong(FixDescriptor.DRIVER_OFFSET, DRIVER);
        buffer.putLong(FixDescriptor.SESSION_OFFSET, session);
        buffer.putLong(FixDescriptor.SEQ_OFFSET, 1);
        return new FixView().wrap(buffer, 0).de(de);
    }

    private List<Event.PayloadCase> events(int partition) {
        return log.partition(StreamName.FIXES, partition).entries.stream()
                .filter(entry -> entry.type() == RecordType.EVENT)
                .map(entry -> EdgeHarness.event(entry.bytes()).getPayloadCase())
                .toList();
    }

    private int firstDe(int partition) {
        return de(partition, 0);
    }

    private int lastDe(int partition) {
        return de(
                partition,
                west.seqs(StreamName.FIXES, partition, RecordType.FIX).size() - 1);
    }

    private int de(int partition, int index) {
        List<ManualLog.Entry> fixes = log.partition(StreamName.FIXES, partition).entries.stream()
                .filter(entry -> entry.type() == RecordType.FIX)
                .toList();
        return new FixView().wrap(new UnsafeBuffer(fixes.get(index).bytes()), 0).de();
    }

    @Test
    void sendsADriverOfTheOtherNodeThereBeforeTakingAnything() {
        EdgeHarness.Phone atHome = east.phone(DRIVER, SESSION);
        east.turn();
        atHome.send(east.fix(1, EAST));
        east.turn();
        west.followOthers();

        EdgeHarness.Phone astray = west.phone(DRIVER, SESSION);
        astray.send(west.fix(1, EAST), west.fix(2, EAST));
        west.turn();

        assertThat(sentAway(astray)).get().extracting(Directive::getKind).isEqualTo(Directive.Kind.RECONNECT);
        assertThat(astray.received).noneMatch(DriveResponse::hasWelcome);
        assertThat(west.acceptedSeqs()).containsExactly(1L);
    }

    @Test
    void sendsANewDriverToWhoeverServesItsCell() {
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, EAST));
        west.turn();
        west.turn();

        assertThat(sentAway(phone)).get().extracting(Directive::getEndpoint).isEqualTo(OTHER_NODE);
        assertThat(west.acceptedSeqs()).isEmpty();
        assertThat(west.agent.sessionCount()).isZero();
    }

    @Test
    void forgetsWhatWasNotDurableWhenAPartitionGoes() {
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, WEST));
        west.turn();
        phone.send(west.fix(2, WEST), west.fix(4, WEST));
        west.agent.doWork(west.time.epochMs());

        log.crash();
        west.served[0] = false;
        west.agent.lose(0);

        assertThat(phone.ackedSeq()).isEqualTo(1);
        assertThat(sentAway(phone)).isPresent();

        east.served[0] = true;
        foldAll(east);
        EdgeHarness.Phone there = east.phone(DRIVER, SESSION);
        there.send(east.fix(2, WEST), east.fix(3, WEST), east.fix(4, WEST));
        east.turn();
        assertThat(there.ackedSeq()).isEqualTo(4);
        assertThat(east.acceptedSeqs()).containsExactly(1L, 2L, 3L, 4L);

        west.followOthers();
        west.served[0] = true;
        EdgeHarness.Phone back = west.phone(DRIVER, SESSION);
        back.send(west.fix(4, WEST), west.fix(5, WEST));
        west.turn();
        assertThat(back.duplicateCount()).isEqualTo(1);
        assertThat(west.acceptedSeqs()).containsExactly(1L, 2L, 3L, 4L, 5L);
    }

    private static void foldAll(EdgeHarness edge) {
        boolean[] kept = edge.served.clone();
        edge.served[0] = false;
        edge.followOthers();
        System.arraycopy(kept, 0, edge.served, 0, kept.length);
    }

    @Test
    void keepsADriverWhoStraysWhereNobodyServes() {
        EdgeHarness.Phone phone = west.phone(DRIVER, SESSION);
        west.turn();
        phone.send(west.fix(1, WEST));
        west.turn();
        west.nobodyElse = true;
        phone.send(eastward(2));
        west.turn();
        west.turn();

        assertThat(phone.ackedSeq()).isEqualTo(5);
        assertThat(west.seqs(StreamName.FIXES, 0, RecordType.FIX)).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(GeoPoint.distanceMeters(WEST.latE7(), WEST.lonE7(), EAST.latE7(), EAST.lonE7()))
                .isGreaterThan(DriverAuthority.HYSTERESIS_METERS);
    }
}
