package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import org.junit.jupiter.api.Test;

/** A wall clock that is set back while the log is in use. */
final class ClockTest {
    private static final long HOUR_MS = 3_600_000;
    private static final long RETENTION_MS = 60_000;

    private final LogFixture fixture = new LogFixture();
    private long setBackMs;

    private final TimeSource wall = new TimeSource() {
        @Override
        public long epochMs() {
            return fixture.time.epochMs() - setBackMs;
        }

        @Override
        public long monotonicNs() {
            return fixture.time.monotonicNs();
        }
    };

    private final HybridLogicalClock clock = new HybridLogicalClock(wall);

    private void append(EmbeddedLog log, int batches) {
        PartitionLog fixes = log.partition(StreamName.FIXES, 0);
        for (int i = 0; i < batches; i++) {
            RecordBatch batch = fixture.batch(fixes.endOffset(), 10);
            fixture.append(log, fixes, batch.stamp(clock.next(10)));
        }
        fixture.sync(log);
    }

    @Test
    void keepsEverythingInOrderAndForgetsNothingTooSoon() {
        LogConfig config = LogFixture.config();
        config = config.withStream(
                StreamName.FIXES, config.stream(StreamName.FIXES).withRetention(RETENTION_MS, StreamConfig.UNLIMITED));
        try (EmbeddedLog log = EmbeddedLog.open(config, new FaultyDisk(), wall, LogFixture.DATA_DIR)) {
            PartitionLog fixes = log.partition(StreamName.FIXES, 0);
            append(log, 300);
            long before = clock.next();
            assertThat(log.stats(StreamName.FIXES).faults().clockBackCount()).isZero();

            setBackMs = HOUR_MS;
            fixture.time.advanceMs(2 * RETENTION_MS);
            append(log, 300);
            assertThat(log.stats(StreamName.FIXES).faults().clockBackCount()).isEqualTo(2); // of two partitions
            assertThat(fixes.startOffset()).isZero();
            assertThat(LogFixture.readAll(fixes)).isEqualTo(LogFixture.numbers(0, 6000));
            assertThat(fixes.offsetAtOrAfter(before)).isEqualTo(3000);
            long[] last = {0};
            fixes.read(0, 6000, (offset, hlc, type, buffer, index, length) -> {
                assertThat(hlc).isGreaterThan(last[0]);
                last[0] = hlc;
                return true;
            });

            fixture.time.advanceMs(HOUR_MS + 2 * RETENTION_MS);
            fixture.sync(log);
            assertThat(fixes.startOffset()).isPositive();
        }
    }
}
