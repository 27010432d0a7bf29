package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MemoryLog;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.OfferEnded;
import io.hailstorm.protocol.v1.OfferMade;
import java.util.List;
import java.util.stream.IntStream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** A checker that cannot find a violation is worth nothing: each kind is planted and must be found. */
final class HistoryCheckerTest {
    private static final long DRIVER = 42;

    private final VirtualTime time = new VirtualTime(1_000_000);
    private final MemoryLog log = new MemoryLog(LogConfig.defaults(2), time);
    private final RecordBatch batch = new RecordBatch(4096);
    private long hlc = 1;

    @Test
    void acceptsARisingRecordAcrossPartitions() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 0, 1, 2);
        fix(StreamName.FIXES, 1, 2, 3);
        fix(StreamName.LATE, 0, 1, 4);

        assertThat(check(4)).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void acceptsADriverThatGoesToAndFroWithAGrowingEpoch() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 1, 2, 2);
        fix(StreamName.FIXES, 0, 3, 3);
        fix(StreamName.FIXES, 0, 3, 4);
        fix(StreamName.FIXES, 1, 4, 5);

        assertThat(check(5)).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsARecordThatAFormerOwnerWroteAfterTheMove() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 1, 2, 2);
        fix(StreamName.FIXES, 0, 1, 3);

        assertThat(check(3).orderViolations()).isEqualTo(1);
    }

    @Test
    void findsARecordOutOfOrderInAPartition() {
        fix(StreamName.FIXES, 0, 1, 2);
        fix(StreamName.FIXES, 0, 1, 1);

        assertThat(check(2).orderViolations()).isEqualTo(1);
    }

    @Test
    void findsADriverEpochThatBeginsBeforeTheLastOneEnded() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 0, 1, 5);
        fix(StreamName.FIXES, 1, 2, 3);

        assertThat(check(0).orderViolations()).isEqualTo(1);
    }

    @Test
    void findsAnAcknowledgedFixThatIsNowhere() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 0, 1, 3);

        assertThat(check(3).lost()).isEqualTo(1);
    }

    @Test
    void missesNothingThatWasRejected() {
        fix(StreamName.FIXES, 0, 1, 1);

        assertThat(check(2, 2L)).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsAFixThatIsThereTwice() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.FIXES, 1, 2, 1);

        assertThat(check(1).duplicatesVisible()).isEqualTo(1);
    }

    @Test
    void findsAFixThatIsVisibleAndLate() {
        fix(StreamName.FIXES, 0, 1, 1);
        fix(StreamName.LATE, 1, 1, 1);

        assertThat(check(1).duplicatesVisible()).isEqualTo(1);
    }

    @Test
    void findsALateFixThatIsThereTwice() {
        fix(StreamName.LATE, 1, 0, 1);
        fix(StreamName.LATE, 1, 0, 1);

        assertThat(check(1).duplicatesVisible()).isEqualTo(1);
    }

    @Test
    void acceptsALateFixOfADriverNobodyHadThatTwoPartitionsPutAside() {
        fix(StreamName.LATE, 0, 0, 1);
        fix(StreamName.LATE, 1, 0, 1);

        assertThat(check(1)).matches(HistoryChecker.Verdict::ok);
    }

    @Test
    void findsALateFixOfADriverWithAnOwnerInTwoPartitions() {
        fix(StreamName.LATE, 0, 1, 1);
        fix(StreamName.LATE, 1, 2, 1);

        assertThat(check(1).duplicatesVisible()).isEqualTo(1);
    }

    @Test
    void findsASecondLiveOffer() {
        offer(1);
        offer(2);

        assertThat(check(0).doubleOffers()).isEqualTo(1);
    }

    @Test
    void acceptsAnOfferAfterTheLastOneEnded() {
        offer(1);
        append(
                StreamName.TRIPS,
                0,
                RecordType.EVENT,
                Event.newBuilder()
                        .setOfferEnded(OfferEnded.newBuilder()
                                .setTrip("t1")
                                .setOffer(1)
                                .setDriver(DRIVER))
                        .build()
                        .toByteArray());
        offer(2);

        assertThat(check(0)).matches(HistoryChecker.Verdict::ok);
    }

    private HistoryChecker.Verdict check(long ackedSeq, Long... rejected) {
        log.doWork(time.monotonicNs());
        return HistoryChecker.check(
                HistoryStreams.of(this::partitions),
                List.of(new HistoryChecker.Promise(DRIVER, 1, ackedSeq, List.of(rejected))));
    }

    private List<PartitionLog> partitions(StreamName stream) {
        return IntStream.range(0, 2).mapToObj(p -> log.partition(stream, p)).toList();
    }

    private void fix(StreamName stream, int partition, int de, long seq) {
        byte[] bytes = new byte[FixDescriptor.LENGTH];
        new FixView()
                .wrap(new UnsafeBuffer(bytes), 0)
                .driver(DRIVER)
                .session(1)
                .seq(seq)
                .de(de);
        append(stream, partition, RecordType.FIX, bytes);
    }

    private void offer(long offer) {
        append(
                StreamName.TRIPS,
                0,
                RecordType.EVENT,
                Event.newBuilder()
                        .setOfferMade(OfferMade.newBuilder()
                                .setTrip("t" + offer)
                                .setOffer(offer)
                                .setDriver(DRIVER))
                        .build()
                        .toByteArray());
    }

    private void append(StreamName stream, int partition, int type, byte[] bytes) {
        batch.begin(0, RecordBatch.NO_PRODUCER, 0, 0, hlc++);
        assertThat(batch.add(type, new UnsafeBuffer(bytes), 0, bytes.length)).isTrue();
        assertThat(log.partition(stream, partition).append(batch)).isNotNegative();
    }
}
