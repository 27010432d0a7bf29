package io.hailstorm.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.protocol.v1.Hello;
import org.junit.jupiter.api.Test;

/** How far a phone's clock is off: a session keeps what is known of it wherever the driver is handed over to. */
final class FixWriterTest {
    private static final long NOW_MS = 1_767_801_600_000L;
    private static final long READ_MS = 2_000;

    /** From a phone whose clock seems to be {@link #READ_MS} behind. */
    private static Hello.Builder hello() {
        return Hello.newBuilder().setSession(1).setDeviceTime(TripFeed.timestamp(NOW_MS - READ_MS));
    }

    private static long begunWith(long toldMs) {
        return FixWriter.clockOffsetMs(hello().setClockOffsetMs(toldMs).build(), NOW_MS);
    }

    @Test
    void aHelloThatWasUnderWayForLongIsCorrectedByWhatTheFormerServerKnew() {
        assertThat(begunWith(1_200)).isEqualTo(1_200);
        assertThat(begunWith(-1_000)).isEqualTo(-1_000);
    }

    @Test
    void aHelloThatCameSoonerThanAnyBeforeIsBetterThanWhatTheFormerServerKnew() {
        assertThat(begunWith(2_300)).isEqualTo(READ_MS);
    }

    @Test
    void aClockThatJumpedMeanwhileIsReadAnew() {
        assertThat(begunWith(READ_MS - FixWriter.GREETING_DELAY_MS_MAX)).isNotEqualTo(READ_MS);
        assertThat(begunWith(READ_MS - FixWriter.GREETING_DELAY_MS_MAX - 1)).isEqualTo(READ_MS);
        assertThat(begunWith(Long.MIN_VALUE)).isEqualTo(READ_MS);
    }

    @Test
    void withoutAClockThereIsNoOffset() {
        Hello told = Hello.newBuilder().setSession(1).setClockOffsetMs(500).build();
        assertThat(FixWriter.clockOffsetMs(told, NOW_MS)).isZero();
        assertThat(FixWriter.clockOffsetMs(hello().build(), NOW_MS)).isEqualTo(READ_MS);
    }
}
