package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.MemoryLog;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.MatchingStarted;
import io.hailstorm.protocol.v1.TripRequested;
import org.junit.jupiter.api.Test;

/** A region whose copies of others' logs are not equally new. */
class CatchUpTest {
    private static final String TRIP = "872830828ffffff-1";
    private static final Event REQUEST = Event.newBuilder()
            .setTripRequested(TripRequested.newBuilder().setTrip(TRIP))
            .build();
    private static final Event DECISION = Event.newBuilder()
            .setMatchingStarted(MatchingStarted.newBuilder().setTrip(TRIP))
            .build();

    private final Log log = new MemoryLog(LogConfig.defaults(2), new SystemTimeSource());
    private final ServedPartitions served = ServedPartitions.shared(log, "here");
    private final CatchUp catchUp = new CatchUp(
            log,
            served,
            new RangeOwnership(
                    log,
                    new EventWriter(log, new HybridLogicalClock(new SystemTimeSource()), served),
                    served,
                    Cells.create(),
                    LogRangeStore.PORTION_RECORDS,
                    Safeguards.ALL),
            new long[2],
            new long[2],
            new long[2]);

    @Test
    void waitsForARequestThatWasDecidedBeforeItWasRead() {
        assertThat(catchUp.knowsRequests(0)).isTrue();
        catchUp.onTrip(DECISION);
        assertThat(catchUp.knowsRequests(0)).isFalse();
        catchUp.onTrip(REQUEST);
        assertThat(catchUp.knowsRequests(0)).isTrue();
        catchUp.onTrip(DECISION);
        assertThat(catchUp.knowsRequests(0)).isTrue();
    }

    @Test
    void goesOnWithoutARequestThatNeverComes() {
        catchUp.onTrip(DECISION);
        assertThat(catchUp.knowsRequests(0)).isFalse();
        assertThat(catchUp.knowsRequests(CatchUp.REQUESTS_WAIT_MS - 1)).isFalse();
        assertThat(catchUp.knowsRequests(CatchUp.REQUESTS_WAIT_MS)).isTrue();
    }
}
