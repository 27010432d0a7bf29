package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short form of the torture, and proof that it notices each protection that is taken away. */
final class LogTortureTest {
    private static final int TURNS_MAX = 20;

    private static long seed() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("seed=" + seed);
        return seed;
    }

    @Test
    void losesDoublesAndCorruptsNothingThroughCutsFlipsCrashesAndKills() throws IOException, InterruptedException {
        LogTorture.Report report =
                LogTorture.run(seed(), 0, TemporaryDirectory.create(), new SystemTimeSource(), soFar -> {});
        System.out.println(report);
        assertThat(report.violations()).isEmpty();
        assertThat(report.ok()).isTrue();
        assertThat(report.recordsAcked()).isGreaterThan(500);
        assertThat(report.kills()).isGreaterThanOrEqualTo(3);
        assertThat(report.cuts()).isGreaterThan(100);
        assertThat(report.flips()).isEqualTo(report.cuts() * 8);
    }

    /** What the log does against loss, doubling and corruption. */
    enum Protection {
        CHECKSUM,
        SYNC,
        DIRECTORY_SYNC,
        WRITE_AGAIN,
        DEDUPE
    }

    @ParameterizedTest
    @EnumSource
    void noticesWhenAProtectionIsTakenAway(Protection taken) {
        long seed = seed();
        TortureTally tally = new TortureTally();
        int rounds =
                switch (taken) {
                    case CHECKSUM -> 1;
                    case WRITE_AGAIN -> 50; // a sync must fail, the process alone must die, then the machine
                    case SYNC, DIRECTORY_SYNC, DEDUPE -> 15;
                };
        for (int turn = 0; turn < TURNS_MAX && tally.isClean(); turn++) {
            LogTorture.memoryTurn(seed + turn, rounds, without(taken), tally);
        }
        LogTorture.Report report = tally.report(seed, 0);
        assertThat(report.ok())
                .as("%s is gone and nobody noticed: %s", taken, report)
                .isFalse();
        assertThat(report.violations().getFirst()).containsPattern("seed \\d+");
        switch (taken) {
            case CHECKSUM -> assertThat(report.corruptServed()).isPositive();
            case SYNC, DIRECTORY_SYNC, WRITE_AGAIN -> assertThat(report.lost()).isPositive();
            case DEDUPE -> assertThat(report.doubled()).isPositive();
        }
    }

    private static MemoryTorture.Opener without(Protection taken) {
        return (config, disk, time) -> switch (taken) {
            case CHECKSUM -> open(config, new UncheckedDisk(disk).disk(), time);
            case SYNC -> {
                disk.ignoreSyncs();
                yield open(config, disk, time);
            }
            case WRITE_AGAIN -> {
                disk.ignoreWriteAgain();
                yield open(config, disk, time);
            }
            case DIRECTORY_SYNC -> {
                disk.ignoreDirectorySyncs();
                yield open(config, disk, time);
            }
            case DEDUPE ->
                EmbeddedLog.open(
                        config,
                        disk,
                        time,
                        MemoryTorture.DATA_DIR,
                        RecoveryProgress.SILENT,
                        ForgetfulProducerTable::new);
        };
    }

    private static EmbeddedLog open(LogConfig config, Disk disk, TimeSource time) {
        return EmbeddedLog.open(config, disk, time, MemoryTorture.DATA_DIR);
    }

    /** Takes every batch of every producer. */
    private static final class ForgetfulProducerTable extends ProducerTable {
        ForgetfulProducerTable(long expiryMs) {
            super(expiryMs);
        }

        @Override
        long check(long producerId, int epoch, long baseSeq, int count, long hlcFirst) {
            return ACCEPTED;
        }
    }

    /** The bytes that are checked are not the bytes that are served: every checksum matches, whatever is stored. */
    private record UncheckedDisk(FaultyDisk below) {
        Disk disk() {
            return (Disk) Proxy.newProxyInstance(
                    Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, args) -> {
                        Object result = method.invoke(below, args);
                        return switch (result) {
                            case MappedFile file -> new UncheckedFile(file);
                            case Disk.Preallocation allocation -> new UncheckedAllocation(allocation);
                            case null, default -> result;
                        };
                    });
        }
    }

    private record UncheckedAllocation(Disk.Preallocation below) implements Disk.Preallocation {
        @Override
        public boolean step(int bytesMax) {
            return below.step(bytesMax);
        }

        @Override
        public MappedFile open() {
            return new UncheckedFile(below.open());
        }

        @Override
        public void abandon() {
            below.abandon();
        }
    }

    private record UncheckedFile(MappedFile below) implements MappedFile {
        @Override
        public int lengthBytes() {
            return below.lengthBytes();
        }

        @Override
        public UnsafeBuffer buffer() {
            return below.buffer();
        }

        @Override
        public ByteBuffer duplicate() {
            return ByteBuffer.allocateDirect(below.lengthBytes());
        }

        @Override
        public void force(int offset, int lengthBytes) {
            below.force(offset, lengthBytes);
        }

        @Override
        public void writeAgain(int offset, int lengthBytes) {
            below.writeAgain(offset, lengthBytes);
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
