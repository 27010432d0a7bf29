package io.hailstorm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.testing.VirtualTime;
import org.junit.jupiter.api.Test;

class HybridLogicalClockTest {
    private static final long ORIGIN_MS = 1_700_000_000_000L;

    private final VirtualTime time = new VirtualTime(ORIGIN_MS);
    private final HybridLogicalClock clock = new HybridLogicalClock(time);

    @Test
    void carriesTheWallClockInItsUpperBits() {
        assertThat(HybridLogicalClock.epochMs(clock.next())).isEqualTo(ORIGIN_MS);
        time.advanceMs(42);
        assertThat(HybridLogicalClock.epochMs(clock.next())).isEqualTo(ORIGIN_MS + 42);
    }

    @Test
    void growsWhileTheWallClockStands() {
        long first = clock.next();
        assertThat(clock.next()).isEqualTo(first + 1);
    }

    @Test
    void neverGoesBackWhenTheWallClockDoes() {
        HybridLogicalClock stepped = new HybridLogicalClock(new TimeSource() {
            private long now = ORIGIN_MS;

            @Override
            public long epochMs() {
                return now -= 1_000;
            }

            @Override
            public long monotonicNs() {
                return 0;
            }
        });
        long last = stepped.next();
        for (int i = 0; i < 100; i++) {
            long next = stepped.next();
            assertThat(next).isGreaterThan(last);
            last = next;
        }
    }

    @Test
    void reservesARangeThatNobodyElseGets() {
        long first = clock.next(10);
        assertThat(clock.next()).isEqualTo(first + 10);
    }

    @Test
    void exceedsWhatItObserved() {
        long remote = (ORIGIN_MS + 300) << 16 | 7;
        clock.observe(remote);
        assertThat(clock.next()).isGreaterThan(remote);
    }

    @Test
    void refusesARemoteClockThatIsTooFarAheadAndStaysAsItWas() {
        long remote = (ORIGIN_MS + HybridLogicalClock.MAX_AHEAD_MS + 1) << 16;
        assertThatThrownBy(() -> clock.observe(remote))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessageContaining("ahead_ms=501");
        assertThat(clock.next()).isLessThan(remote);
    }

    @Test
    void trustsItsOwnLogHoweverFarAheadItIs() {
        long fromLog = (ORIGIN_MS + 3_600_000) << 16;
        clock.restore(fromLog);
        assertThat(clock.next()).isGreaterThan(fromLog);
    }
}
