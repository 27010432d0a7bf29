package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.Directive;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.Fix;
import io.hailstorm.protocol.v1.OfferMade;
import io.hailstorm.protocol.v1.TripRequested;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A driver goes from the west's node to the east's, which reads of it when the test says so. */
class HandOverProtocolTest {
    private static final long DRIVER = 42;
    private static final long SESSION = 7;
    private static final String TRIP = "872830828ffffff-1";
    private static final int ALL = 1_000_000;

    private final TwoNodes nodes = new TwoNodes(Safeguards.ALL);
    private final TwoNodes.Node west = nodes.west;
    private final TwoNodes.Node east = nodes.east;

    @AfterEach
    void close() {
        nodes.close();
    }

    private EdgeHarness.Phone inTheWest() {
        EdgeHarness.Phone phone = west.edge.phone(DRIVER, SESSION);
        run(west);
        phone.send(fix(1, -2), fix(2, -1));
        run(west);
        assertThat(phone.ackedSeq()).isEqualTo(2);
        return phone;
    }

    private static void run(TwoNodes.Node node) {
        for (int i = 0; i < 4; i++) {
            node.turn();
            node.sync(ALL);
        }
        node.turn();
    }

    private Fix fix(long seq, int steps) {
        nodes.time.advanceMs(4_000);
        return west.edge.fix(seq, nodes.at(steps));
    }

    /** Across the border far enough; the last fixes are held. */
    private EdgeHarness.Phone sentEast() {
        EdgeHarness.Phone phone = inTheWest();
        phone.send(fix(3, 1), fix(4, 2), fix(5, 3), fix(6, 4));
        run(west);
        assertThat(directive(phone).getEndpoint()).isEqualTo("node-1");
        assertThat(directive(phone).hasClockOffsetMs()).isTrue();
        return phone;
    }

    private static Directive directive(EdgeHarness.Phone phone) {
        return phone.received.getLast().getDirective();
    }

    private static boolean isGreeted(EdgeHarness.Phone phone) {
        return phone.received.stream().anyMatch(DriveResponse::hasWelcome);
    }

    private List<Integer> des(int partition) {
        List<Integer> des = new ArrayList<>();
        for (ManualLog.Entry entry : nodes.log.partition(StreamName.FIXES, partition).entries) {
            if (entry.type() == RecordType.FIX) {
                des.add(new FixView().wrap(new UnsafeBuffer(entry.bytes()), 0).de());
            }
        }
        return des;
    }

    @Test
    void takesADriverInByTheHandOverAloneAndKnowsItsNumbersAgain() {
        EdgeHarness.Phone left = sentEast();
        Event handOver = west.durable().getFirst();

        // Nothing else of the driver: no fix, no late record.
        east.edge.agent.recoverHandOver(0, handOver);
        run(east);
        EdgeHarness.Phone there = east.edge.phone(DRIVER, SESSION, left.authority());
        run(east);

        assertThat(isGreeted(there)).isTrue();
        assertThat(there.received.getFirst().getWelcome().getAckedSeq()).isEqualTo(left.ackedSeq());
        there.send(fix(2, -1), fix(left.ackedSeq() + 1, 3), fix(left.ackedSeq() + 2, 4));
        run(east);
        assertThat(there.duplicateCount()).isEqualTo(1);
        assertThat(there.ackedSeq()).isEqualTo(left.ackedSeq() + 2);
        assertThat(nodes.steps(0)).containsExactly("DRIVER_HANDED_OVER");
        assertThat(nodes.steps(1)).containsExactly("DRIVER_TAKEN_IN");
        assertThat(des(1)).containsOnly(des(0).getLast() + 1);
        assertThat(west.summary().handedOverCount()).isEqualTo(1);
        assertThat(east.summary().takenInCount()).isEqualTo(1);
    }

    @Test
    void keepsAPhoneThatComesEarlyUntilItsDriverIsTakenIn() {
        EdgeHarness.Phone left = sentEast();
        EdgeHarness.Phone early = east.edge.phone(DRIVER, SESSION, left.authority());
        early.send(fix(left.ackedSeq() + 1, 3));
        run(east);
        assertThat(early.received).isEmpty();
        assertThat(east.summary().earlyRecordsMax()).isEqualTo(1);

        east.follow(ALL);
        run(east);

        assertThat(isGreeted(early)).isTrue();
        assertThat(early.ackedSeq()).isEqualTo(left.ackedSeq() + 1);
    }

    @Test
    void tellsAPhoneThatWaitedLongToComeAgain() {
        EdgeHarness.Phone early = east.edge.phone(DRIVER, SESSION, sentEast().authority());
        run(east);
        nodes.time.advanceMs(EarlyPhones.WAIT_MS);
        run(east);

        assertThat(directive(early).getKind()).isEqualTo(Directive.Kind.RECONNECT);
        assertThat(isGreeted(early)).isFalse();
        assertThat(east.summary().retryCount()).isEqualTo(1);
    }

    @Test
    void tellsAPhoneThatSendsMoreThanIsKeptToComeAgain() {
        EdgeHarness.Phone early = east.edge.phone(DRIVER, SESSION, sentEast().authority());
        for (int i = 0; i <= EarlyPhones.RECORDS_MAX; i++) {
            early.send(west.edge.fix(6 + i, nodes.at(4)));
        }
        run(east);

        assertThat(directive(early).getKind()).isEqualTo(Directive.Kind.RECONNECT);
        assertThat(east.summary().earlyRecordsMax()).isEqualTo(EarlyPhones.RECORDS_MAX);
    }

    @Test
    void takesADriverBackOnlyWhenTheOtherSideHasRefusedIt() {
        sentEast();
        nodes.time.advanceMs(HandOvers.RECALL_AFTER_MS);
        run(west);
        assertThat(nodes.steps(0)).containsExactly("DRIVER_HANDED_OVER", "HAND_OVER_RECALLED");

        nodes.time.advanceMs(3_600_000);
        run(west);
        assertThat(west.hasAuthority(DRIVER)).isFalse();

        east.follow(ALL);
        east.turn();
        assertThat(nodes.steps(1)).containsExactly("HAND_OVER_REFUSED");
        west.follow(ALL);
        run(west);
        assertThat(west.hasAuthority(DRIVER)).isFalse();

        run(east);
        west.follow(ALL);
        run(west);

        assertThat(nodes.steps(0)).containsExactly("DRIVER_HANDED_OVER", "HAND_OVER_RECALLED", "DRIVER_TAKEN_IN");
        assertThat(west.hasAuthority(DRIVER)).isTrue();
        assertThat(west.durable().getLast().getDriverTakenIn().getDe()).isEqualTo(des(0).getLast() + 2);
        assertThat(west.summary().takenBackCount()).isEqualTo(1);
        EdgeHarness.Phone back = west.edge.phone(DRIVER, SESSION);
        run(west);
        assertThat(isGreeted(back)).isTrue();
    }

    @Test
    void doesNotTakeADriverInAfterRefusingIt() {
        sentEast();
        Authority onItsWay = Authority.newBuilder()
                .setPartition(1)
                .setDe(des(0).getLast() + 1)
                .setUnderWay(true)
                .build();
        nodes.time.advanceMs(HandOvers.RECALL_AFTER_MS);
        run(west);
        east.follow(ALL);
        run(east);

        east.readAgain();
        run(east);
        east.crash();
        run(east);
        east.edge.phone(DRIVER, SESSION, onItsWay);
        run(east);

        assertThat(nodes.steps(1)).containsExactly("HAND_OVER_REFUSED");
        assertThat(east.hasAuthority(DRIVER)).isFalse();
    }

    @Test
    void leavesADriverWithTheOtherSideWhenThatTookItInBeforeItWasAskedBack() {
        EdgeHarness.Phone left = sentEast();
        east.follow(ALL);
        run(east);
        nodes.time.advanceMs(HandOvers.RECALL_AFTER_MS);
        run(west);
        nodes.settle();

        assertThat(nodes.steps(0)).containsExactly("DRIVER_HANDED_OVER", "HAND_OVER_RECALLED");
        assertThat(nodes.steps(1)).containsExactly("DRIVER_TAKEN_IN");
        assertThat(east.hasAuthority(DRIVER)).isTrue();
        EdgeHarness.Phone astray = west.edge.phone(DRIVER, SESSION, left.authority());
        run(west);
        assertThat(directive(astray).getEndpoint()).isEqualTo("node-1");
    }

    @Test
    void keepsADriverWhileAnOfferIsPutToIt() {
        EdgeHarness.Phone phone = inTheWest();
        long expireMs = nodes.time.epochMs() + 60_000;
        west.edge.agent.tripFeed().onEvent(0, 0, request());
        west.edge.agent.tripFeed().onEvent(0, 1, offer(expireMs));
        phone.send(fix(3, 1), fix(4, 2), fix(5, 3), fix(6, 4), fix(7, 4));
        run(west);
        assertThat(phone.ackedSeq()).isEqualTo(7);
        assertThat(nodes.steps(0)).isEmpty();

        nodes.time.advanceMs(120_000);
        phone.send(fix(8, 4));
        run(west);
        assertThat(nodes.steps(0)).containsExactly("DRIVER_HANDED_OVER");
    }

    private static Event request() {
        return Event.newBuilder()
                .setAggregateId(TRIP)
                .setTripRequested(TripRequested.newBuilder().setTrip(TRIP).setRider(1))
                .build();
    }

    private static Event offer(long expireMs) {
        return Event.newBuilder()
                .setAggregateId(TRIP)
                .setOfferMade(OfferMade.newBuilder()
                        .setTrip(TRIP)
                        .setOffer(1)
                        .setDriver(DRIVER)
                        .setExpireTimeMs(expireMs))
                .build();
    }
}
