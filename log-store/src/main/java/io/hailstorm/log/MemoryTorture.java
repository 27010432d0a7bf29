package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.kernel.testing.VirtualTime;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A log on a treacherous disk in memory, under virtual time. A client appends, resends, is acknowledged what the log says
 * is durable; then the disk crashes, fills up, fails a sync, or its last batch is cut or flipped. What was acknowledged
 * must be found by whoever opens the disk next. One thread; a seed gives the same torture again.
 */
final class MemoryTorture {
    static final Path DATA_DIR = Path.of("/torture");
    private static final long START_MS = 1_700_000_000_000L;
    private static final int SEGMENT_BYTES = StreamConfig.SEGMENT_BYTES_MIN;
    /** As many as the log remembers of a producer, so that resending all of them is always judged right. */
    private static final int IN_FLIGHT_MAX = ProducerTable.REMEMBERED_BATCHES;

    /** Opens the log of a disk; a test may take a protection away here. */
    interface Opener {
        EmbeddedLog open(LogConfig config, FaultyDisk disk, TimeSource time);
    }

    private final Opener opener;
    private final TortureTally tally;
    private final Random random;
    private final TortureRecords records;
    private final VirtualTime time = new VirtualTime(START_MS);
    private final HybridLogicalClock clock = new HybridLogicalClock(time);
    private final String origin;
    private FaultyDisk disk = new FaultyDisk();
    private int ackedBatches;
    private int sentBatches;

    MemoryTorture(long seed, Opener opener, TortureTally tally) {
        this.opener = opener;
        this.tally = tally;
        random = new Random(seed);
        records = new TortureRecords(seed);
        origin = "seed " + seed + ", round ";
    }

    static LogConfig config() {
        StreamConfig small = new StreamConfig(
                AckLevel.DISK,
                0,
                1 << 20,
                SEGMENT_BYTES,
                SEGMENT_BYTES / 2,
                StreamConfig.UNLIMITED,
                StreamConfig.UNLIMITED);
        LogConfig config = LogConfig.defaults(1);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(stream, small);
        }
        return config;
    }

    static EmbeddedLog openUnharmed(LogConfig config, FaultyDisk disk, TimeSource time) {
        return EmbeddedLog.open(config, disk, time, DATA_DIR);
    }

    private long acked() {
        return records.firstSeq(ackedBatches);
    }

    private String here(String what) {
        return origin + tally.rounds + ", " + what;
    }

    /** Appends for a while, lets one thing go wrong, opens again, and checks. */
    void round() {
        tally.rounds++;
        Optional<EmbeddedLog> opened = openAndCheck(disk, "opening");
        if (opened.isEmpty()) {
            startOver();
            return;
        }
        try (EmbeddedLog log = opened.get()) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            resend(log, trips);
            appendAtRandom(log, trips);
            misfortune(log, trips);
        } catch (HailstormException e) {
            tally.violation(here("unexpected: " + e.getMessage()));
            startOver();
        }
    }

    private void startOver() {
        disk = new FaultyDisk();
        ackedBatches = 0;
        sentBatches = 0;
    }

    private Optional<EmbeddedLog> openAndCheck(FaultyDisk on, String what) {
        EmbeddedLog log;
        try {
            log = opener.open(config(), on, time);
        } catch (HailstormException e) {
            tally.lost += acked();
            tally.violation(here(what + ": refused although nothing was damaged: " + e.getMessage()));
            return Optional.empty();
        }
        TortureRecords.Reading reading = records.read(log.partition(StreamName.TRIPS, 0));
        if (reading.refused()) {
            tally.lost += acked();
            tally.violation(here(what + ": reading is refused although nothing was damaged"));
        }
        tally.judge(reading, acked(), here(what));
        return Optional.of(log);
    }

    /** What a client does that does not know which of its batches arrived. */
    private void resend(EmbeddedLog log, PartitionLog trips) {
        for (int index = ackedBatches; index < sentBatches; index++) {
            long answer = append(log, trips, index);
            if (answer < 0 && answer != PartitionLog.DUPLICATE) {
                tally.violation(here("resending batch " + index + " was answered " + answer));
            }
        }
        sync(log);
        acknowledge(trips);
    }

    private void appendAtRandom(EmbeddedLog log, PartitionLog trips) {
        int steps = random.nextInt(40);
        for (int step = 0; step < steps; step++) {
            appendNext(log, trips);
            if (random.nextInt(4) == 0) {
                // A resent batch has no effect whatever the answer; reading would show it.
                append(log, trips, Math.max(0, sentBatches - 1 - random.nextInt(IN_FLIGHT_MAX)));
            }
            if (random.nextInt(3) == 0) {
                disk.writeBack(random.nextLong());
            }
            if (random.nextInt(3) == 0) {
                sync(log);
                acknowledge(trips);
            }
        }
    }

    private void appendNext(EmbeddedLog log, PartitionLog trips) {
        if (sentBatches - ackedBatches == IN_FLIGHT_MAX) {
            sync(log);
            acknowledge(trips);
        }
        if (append(log, trips, sentBatches) >= 0) {
            sentBatches++;
        }
    }

    private long append(EmbeddedLog log, PartitionLog trips, int index) {
        long answer = PartitionLog.BACK_PRESSURED;
        for (int attempt = 0; attempt < 5 && answer == PartitionLog.BACK_PRESSURED; attempt++) {
            answer = trips.append(records.batch(index, clock.next(records.count(index))));
            if (answer == PartitionLog.BACK_PRESSURED) {
                sync(log);
            }
        }
        return answer;
    }

    private void sync(EmbeddedLog log) {
        time.advanceMs(10);
        log.doWork(time.monotonicNs());
    }

    private void acknowledge(PartitionLog trips) {
        long before = acked();
        while (ackedBatches < sentBatches && records.firstSeq(ackedBatches + 1) <= trips.durableOffset()) {
            ackedBatches++;
        }
        tally.recordsAcked += acked() - before;
    }

    private void misfortune(EmbeddedLog log, PartitionLog trips) {
        switch (random.nextInt(6)) {
            case 0 -> fillDisk(log, trips);
            case 1 -> failSync(log, trips);
            case 2 -> {
                tally.kills++;
                disk = disk.kill();
            }
            default -> {
                tally.crashes++;
                disk = disk.crash(random.nextLong());
            }
        }
    }

    private void fillDisk(EmbeddedLog log, PartitionLog trips) {
        disk.limitCapacity(disk.usedBytes() + SEGMENT_BYTES / 2);
        boolean refused = false;
        for (int i = 0; i < 500 && !refused; i++) {
            try {
                appendNext(log, trips);
            } catch (HailstormException e) {
                refused = true;
                if (e.code() != ErrorCode.RESOURCE_EXHAUSTED) {
                    tally.violation(here("a full disk was reported as: " + e.getMessage()));
                }
            }
        }
        if (!refused) {
            tally.violation(here("a full disk was never reported"));
        }
        disk.limitCapacity(Long.MAX_VALUE);
        tally.crashes++;
        disk = disk.crash(random.nextLong());
    }

    private void failSync(EmbeddedLog log, PartitionLog trips) {
        appendNext(log, trips);
        disk.failSyncs(1);
        boolean failed = false;
        try {
            sync(log);
        } catch (HailstormException e) {
            failed = true;
        }
        disk.failSyncs(0);
        acknowledge(trips);
        if (failed) {
            try {
                trips.append(records.batch(sentBatches, clock.next(1)));
                tally.violation(here("an append was taken after a failed sync"));
            } catch (HailstormException e) {
                if (e.code() != ErrorCode.UNAVAILABLE) {
                    tally.violation(here("after a failed sync: " + e.getMessage()));
                }
            }
        }
        if (random.nextBoolean()) {
            tally.kills++;
            disk = disk.kill(); // the next process starts on a page cache that lies
        } else {
            tally.crashes++;
            disk = disk.crash(random.nextLong());
        }
    }

    /** Cuts the last batch at every byte and flips every bit of it, acknowledged and not; the disk is as before after. */
    void cutAndFlipLastBatch() {
        tally.rounds++;
        Optional<EmbeddedLog> opened = openAndCheck(disk, "opening");
        if (opened.isEmpty()) {
            startOver();
            return;
        }
        EmbeddedLog log = opened.get();
        PartitionLog trips = log.partition(StreamName.TRIPS, 0);
        resend(log, trips);
        appendNext(log, trips);
        sync(log);
        acknowledge(trips);
        damageLastBatch(disk.kill().copy(), true);
        appendNext(log, trips);
        if (sentBatches > ackedBatches) {
            damageLastBatch(disk.kill().copy(), false);
        }
        sync(log);
        acknowledge(trips);
        disk = disk.kill();
    }

    private void damageLastBatch(FaultyDisk killed, boolean acknowledged) {
        Path directory = EmbeddedLog.partitionDirectory(DATA_DIR.resolve("log"), StreamName.TRIPS, 0);
        Path segment = directory.resolve(killed.list(directory).stream()
                .filter(SegmentDescriptor::isFileName)
                .reduce("", (first, second) -> second));
        byte[] content = killed.readAll(segment).orElseThrow();
        Place place = lastBatch(content);
        for (int cut = 0; cut < place.length; cut++) {
            FaultyDisk damaged = killed.copy();
            damaged.overwrite(segment, place.position + cut, new byte[place.length - cut]);
            tally.cuts++;
            checkDamaged(damaged, acknowledged, "last batch cut at byte " + cut);
        }
        for (int bit = 0; bit < place.length * 8; bit++) {
            FaultyDisk damaged = killed.copy();
            damaged.corrupt(segment, place.position + bit / 8, 1 << (bit % 8));
            tally.flips++;
            checkDamaged(damaged, acknowledged, "bit " + bit + " of the last batch flipped");
        }
    }

    private record Place(int position, int length) {}

    private static Place lastBatch(byte[] segment) {
        UnsafeBuffer buffer = new UnsafeBuffer(segment);
        int at = SegmentDescriptor.HEADER_LENGTH;
        int length = buffer.getInt(at);
        while (at + length + BatchDescriptor.HEADER_LENGTH <= segment.length && buffer.getInt(at + length) > 0) {
            at += length;
            length = buffer.getInt(at);
        }
        return new Place(at, length);
    }

    /** Damaged and acknowledged: refused, or whole. Damaged and not acknowledged: whatever is read must be right. */
    private void checkDamaged(FaultyDisk damaged, boolean acknowledged, String what) {
        try (EmbeddedLog log = opener.open(config(), damaged, time)) {
            TortureRecords.Reading reading = records.read(log.partition(StreamName.TRIPS, 0));
            tally.judge(reading, acked(), here((acknowledged ? "acknowledged " : "") + what));
        } catch (HailstormException e) {
            boolean rightly = e.code() == ErrorCode.DATA_LOSS && acknowledged;
            if (!rightly) {
                tally.violation(here(what + ": " + e.getMessage()));
            }
        }
    }
}
