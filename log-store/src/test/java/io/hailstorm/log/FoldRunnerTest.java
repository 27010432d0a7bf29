package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** A fold with outputs, crashed at every point: state and outputs must be those of a run that nothing disturbed. */
final class FoldRunnerTest {
    private static final int INPUT_COUNT = 60;
    private static final int RECORDS_PER_SNAPSHOT = 7;
    private static final Path SNAPSHOTS = LogFixture.DATA_DIR.resolve("snapshots");

    private final LogFixture fixture = new LogFixture();

    /** Counts and mixes what it reads; has 0 to 4 outputs a record, in three partitions of two streams. */
    private static final class Mixing implements Fold {
        private final UnsafeBuffer out = new UnsafeBuffer(new byte[24]);
        private long count;
        private long mixed;

        @Override
        public void onRecord(
                long offset, long hlc, int type, DirectBuffer buffer, int index, int length, Outputs outputs) {
            count++;
            mixed = CounterRandom.mix(mixed ^ buffer.getLong(index));
            int outputCount = (int) Math.floorMod(mixed, 5L);
            for (int n = 0; n < outputCount; n++) {
                out.putLong(0, offset);
                out.putLong(8, n);
                out.putLong(16, mixed + count);
                int target = (int) Math.floorMod(mixed >> n, 3L);
                StreamName stream = target == 2 ? StreamName.LATE : StreamName.PRICES;
                outputs.emit(stream, target % 2, RecordType.EVENT, out, 0, 24);
            }
        }

        @Override
        public byte[] snapshot() {
            return ByteBuffer.allocate(16).putLong(count).putLong(mixed).array();
        }

        @Override
        public void restore(byte[] snapshot) {
            ByteBuffer in = ByteBuffer.wrap(snapshot);
            count = in.getLong();
            mixed = in.getLong();
        }
    }

    private static long seed() {
        long seed = Long.getLong("seed", 20_261_121L);
        System.out.println("seed=" + seed);
        return seed;
    }

    private FaultyDisk diskWithInput() {
        FaultyDisk disk = new FaultyDisk();
        try (EmbeddedLog log = fixture.open(disk)) {
            log.partition(StreamName.TRIPS, 0).append(fixture.batch(1000, INPUT_COUNT));
        }
        return disk;
    }

    private EmbeddedLog openLog(Disk disk) {
        return EmbeddedLog.open(LogFixture.config(), disk, fixture.time, LogFixture.DATA_DIR);
    }

    private FoldRunner openRunner(Log log, Disk disk, Fold fold) {
        return FoldRunner.open(
                log,
                StreamName.TRIPS,
                0,
                "mixing",
                fold,
                new SnapshotStore(disk, SNAPSHOTS, "mixing"),
                fixture.clock,
                RECORDS_PER_SNAPSHOT);
    }

    /** One step, then a sync at the runner's heels now and then, so that snapshots find durable and undurable outputs. */
    private void step(Log log, FoldRunner runner, int number) {
        runner.doWork(3);
        if (number % 2 == 1) {
            fixture.sync(log);
        }
    }

    private boolean isDone(FoldRunner runner) {
        return runner.position() == INPUT_COUNT && runner.outbox().queuedCount() == 0 && !runner.isSnapshotPending();
    }

    private void runToEnd(Log log, FoldRunner runner) {
        for (int i = 0; !isDone(runner); i++) {
            assertThat(i).isLessThan(1000);
            step(log, runner, i);
        }
        fixture.sync(log);
    }

    private static List<String> outputs(Log log) {
        List<String> all = new ArrayList<>();
        for (StreamName stream : List.of(StreamName.PRICES, StreamName.LATE)) {
            for (int p = 0; p < 2; p++) {
                PartitionLog partition = log.partition(stream, p);
                partition.read(0, Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
                    all.add(partition.stream() + "/" + partition.partition() + "@" + offset + " "
                            + buffer.getLong(index) + "." + buffer.getLong(index + 8) + " "
                            + buffer.getLong(index + 16));
                    return true;
                });
            }
        }
        return all;
    }

    private List<String> undisturbed() {
        FaultyDisk disk = diskWithInput();
        try (EmbeddedLog log = openLog(disk)) {
            runToEnd(log, openRunner(log, disk, new Mixing()));
            List<String> outputs = outputs(log);
            assertThat(outputs).hasSizeGreaterThan(INPUT_COUNT);
            return outputs;
        }
    }

    /** Runs until the disk's n-th change kills the process; true when it got to the end before. */
    private boolean runUntilCrash(FaultyDisk disk, long diskSteps) {
        CrashingDisk crashing = new CrashingDisk(disk, diskSteps);
        try (EmbeddedLog log = openLog(crashing)) {
            runToEnd(log, openRunner(log, crashing, new Mixing()));
            return true;
        } catch (CrashingDisk.Crash e) {
            return false;
        } catch (RuntimeException e) {
            assertThat(e).hasRootCauseInstanceOf(CrashingDisk.Crash.class);
            return false;
        }
    }

    private void expectSame(FaultyDisk disk, List<String> expected, String when) {
        try (EmbeddedLog log = openLog(disk)) {
            FoldRunner runner = openRunner(log, disk, new Mixing());
            runToEnd(log, runner);
            assertThat(outputs(log)).as(when).isEqualTo(expected);
        }
    }

    @Test
    void writesEveryOutputOnceWhicheverChangeOfTheDiskWasTheLast() {
        List<String> expected = undisturbed();
        long seed = seed();
        boolean finished = false;
        for (long steps = 0; !finished; steps++) {
            FaultyDisk disk = diskWithInput();
            finished = runUntilCrash(disk, steps);
            expectSame(disk.crash(seed + steps), expected, "power cut after " + steps + " changes");
            if (steps % 3 == 0) {
                disk = diskWithInput();
                runUntilCrash(disk, steps);
                expectSame(disk.kill(), expected, "kill after " + steps + " changes");
            }
        }
    }

    @Test
    void writesEveryOutputOnceWhenAbandonedBetweenAnyTwoSteps() {
        List<String> expected = undisturbed();
        for (int steps = 0; steps < 40; steps++) {
            FaultyDisk disk = diskWithInput();
            EmbeddedLog log = openLog(disk);
            FoldRunner runner = openRunner(log, disk, new Mixing());
            for (int i = 0; i < steps; i++) {
                step(log, runner, i);
            }
            expectSame(disk.crash(steps), expected, "abandoned after " + steps + " steps");
        }
    }

    @Test
    void writesEveryOutputOnceThroughManyCrashesInARow() {
        List<String> expected = undisturbed();
        Random random = new Random(seed());
        for (int round = 0; round < 20; round++) {
            FaultyDisk disk = diskWithInput();
            for (int crash = 0; crash < 6; crash++) {
                runUntilCrash(disk, random.nextInt(40));
                disk = random.nextInt(3) == 0 ? disk.kill() : disk.crash(random.nextLong());
            }
            expectSame(disk, expected, "round " + round);
        }
    }

    @Test
    void aNewMemberFencesTheOneThatStillRuns() {
        List<String> expected = undisturbed();
        for (int steps = 0; steps < 25; steps++) {
            FaultyDisk disk = diskWithInput();
            try (EmbeddedLog log = openLog(disk)) {
                FoldRunner zombie = openRunner(log, disk, new Mixing());
                for (int i = 0; i < steps; i++) {
                    step(log, zombie, i);
                }
                FoldRunner successor = openRunner(log, disk, new Mixing());
                for (int i = 0; !isDone(successor); i++) {
                    step(log, zombie, i);
                    step(log, successor, i);
                }
                fixture.sync(log);
                assertThat(zombie.isFenced()).isTrue();
                assertThat(outputs(log)).as("%d steps", steps).isEqualTo(expected);
            }
        }
    }

    @Test
    void commitsWhereTheOldestKeptSnapshotBegins() {
        FaultyDisk disk = diskWithInput();
        try (EmbeddedLog log = openLog(disk)) {
            FoldRunner runner = openRunner(log, disk, new Mixing());
            runToEnd(log, runner);
            SnapshotStore snapshots = new SnapshotStore(disk, SNAPSHOTS, "mixing");
            long oldest = snapshots.oldestKept().orElseThrow().input(StreamName.TRIPS, 0);
            long newest = snapshots.load().newest().orElseThrow().input(StreamName.TRIPS, 0);
            assertThat(oldest).isLessThan(newest);
            assertThat(log.partition(StreamName.TRIPS, 0).committed("mixing")).isEqualTo(oldest);
        }
    }

    @Test
    void goesOnFromTheSnapshotBeforeWhenTheNewestIsCorrupt() {
        List<String> expected = undisturbed();
        FaultyDisk disk = diskWithInput();
        try (EmbeddedLog log = openLog(disk)) {
            runToEnd(log, openRunner(log, disk, new Mixing()));
        }
        Path newest = SNAPSHOTS.resolve(disk.list(SNAPSHOTS).getLast());
        disk.corrupt(newest, 30, 1);
        try (EmbeddedLog log = openLog(disk)) {
            FoldRunner runner = openRunner(log, disk, new Mixing());
            assertThat(runner.problems()).singleElement().asString().contains(newest.toString());
            runToEnd(log, runner);
            assertThat(runner.outbox().repeatedCount()).isPositive();
            assertThat(runner.outbox().writtenCount()).isZero();
            assertThat(outputs(log)).isEqualTo(expected);
        }
    }

    @Test
    void refusesToGoOnWhenOutputsTheSnapshotKnowsAreGone() {
        FaultyDisk disk = diskWithInput();
        try (EmbeddedLog log = openLog(disk)) {
            runToEnd(log, openRunner(log, disk, new Mixing()));
        }
        for (String name : disk.list(LogFixture.partitionDirectory(StreamName.PRICES))) {
            disk.delete(LogFixture.partitionDirectory(StreamName.PRICES).resolve(name));
        }
        try (EmbeddedLog log = openLog(disk)) {
            assertThatThrownBy(() -> openRunner(log, disk, new Mixing()))
                    .hasMessageContaining("outputs are gone from prices/0");
        }
    }

    @Test
    void anOutboxIsRememberedHoweverLongItIsSilentAndHoweverManyWriteMeanwhile() {
        long outbox = Outbox.producerId("mixing", StreamName.TRIPS, 0);
        try (EmbeddedLog log = openLog(new FaultyDisk())) {
            PartitionLog prices = log.partition(StreamName.PRICES, 0);
            prices.append(fixture.batch(0, 3, outbox, 1, 0));
            prices.append(fixture.batch(3, 3, 77, 1, 0));
            fixture.time.advanceMs(400L * 24 * 60 * 60 * 1000);
            for (int producer = 1000; producer < 1000 + 2 * ProducerTable.PRODUCERS_MAX; producer++) {
                fixture.append(log, prices, fixture.batch(0, 1, producer, 1, 0));
            }
            assertThat(prices.nextSeq(77)).isEqualTo(PartitionLog.UNKNOWN_PRODUCER);
            assertThat(prices.nextSeq(outbox)).isEqualTo(3);
        }
    }

    @Test
    void wouldWriteOutputsTwiceWithoutTheirNumbers() {
        FaultyDisk disk = diskWithInput();
        List<String> expected = undisturbed();
        try (EmbeddedLog log = openLog(disk)) {
            runToEnd(log, openRunner(log, disk, new Mixing()));
        }
        for (String name : List.copyOf(disk.list(SNAPSHOTS))) {
            disk.delete(SNAPSHOTS.resolve(name));
        }
        try (EmbeddedLog log = openLog(disk)) {
            Log numberless = UnprotectedPartition.of(log, UnprotectedPartition.Missing.NUMBERS);
            runToEnd(numberless, openRunner(numberless, disk, new Mixing()));
            assertThat(outputs(log)).hasSize(2 * expected.size());
        }
    }
}
