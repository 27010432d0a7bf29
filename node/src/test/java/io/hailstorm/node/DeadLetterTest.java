package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.log.EmbeddedLog;
import io.hailstorm.log.LogConfig;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.Event;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** A reader of {@code trips} behind a gate, over a disk that loses what was not synced; poison, crashes and replays. */
final class DeadLetterTest {
    private static final Path DATA_DIR = Path.of("/data");
    private static final String TRIP_A = "872830829ffffff-00000000000000aa";
    private static final String TRIP_B = "872830829ffffff-00000000000000bb";

    private final VirtualTime time = new VirtualTime(1_700_000_000_000L);

    /** A process: a log, and the reader of its trips and prices. */
    private final class Incarnation {
        private final EmbeddedLog log;
        private final HybridLogicalClock clock = new HybridLogicalClock(time);
        private final DeadLetters letters;
        private final PoisonGate gate;
        private final EventWriter writer;
        private final ServedPartitions served;
        private final List<String> taken = new ArrayList<>();
        private long nextTrip;

        Incarnation(FaultyDisk disk) {
            this(disk, DeadLetters.OPEN_MAX, ParkedKeys.KEYS_MAX);
        }

        Incarnation(FaultyDisk disk, int openMax, int keysMax) {
            log = EmbeddedLog.open(config(), disk, time, DATA_DIR);
            clock.restore(Recovery.lastHlc(log));
            letters = new DeadLetters(List.of(log.partition(StreamName.DEAD_LETTERS, 0)), openMax, keysMax);
            gate = new PoisonGate(letters);
            served = ServedPartitions.alone(log);
            served.set(0, true);
            writer = new EventWriter(log, clock, served);
        }

        void append(StreamName stream, int type, byte[] bytes) {
            RecordBatch batch = new RecordBatch(1 << 16).begin(0, RecordBatch.NO_PRODUCER, 0, 0, clock.next());
            assertThat(batch.add(type, new UnsafeBuffer(bytes), 0, bytes.length))
                    .isTrue();
            assertThat(log.partition(stream, 0).append(batch)).isNotNegative();
        }

        void append(Event.Builder event) {
            append(
                    StreamName.TRIPS,
                    RecordType.EVENT,
                    event.setSchemaVersion(1).build().toByteArray());
        }

        void sync() {
            time.advanceMs(10);
            log.doWork(time.monotonicNs());
        }

        /** Reads everything durable, as the region does. */
        void read() {
            gate.tick(time.epochMs());
            letters.read();
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            nextTrip = gate.resume(trips.read(nextTrip, 1_000, (offset, hlc, type, buffer, index, length) -> {
                Event event = gate.event(StreamName.TRIPS, 0, offset, hlc, buffer, index, length);
                if (event != null) {
                    taken.add(event.getAggregateId().substring(30) + " " + event.getPayloadCase() + " "
                            + event.getEventId());
                }
                return gate.goOn(offset);
            }));
            letters.write(writer, served);
        }

        /** Reads, and lets what was written become durable and be read. */
        void settle() {
            sync();
            read();
            sync();
            read();
        }

        List<String> states() {
            return letters.letters().stream()
                    .map(letter -> letter.origin() + " " + letter.state() + " " + letter.attemptCount())
                    .toList();
        }
    }

    private static LogConfig config() {
        LogConfig config = LogConfig.defaults(1);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(
                    stream, config.stream(stream).withCommit(0, 1).withSegmentBytes(64 * 1024));
        }
        return config;
    }

    private static Event.Builder answer(String trip, long id) {
        Event.Builder event = Event.newBuilder().setAggregateId(trip).setEventId(id);
        event.getOfferAnsweredBuilder().setTrip(trip).setOffer(1).setDriver(2);
        return event;
    }

    /** Its step means nothing, so it cannot be decoded. */
    private static Event.Builder poison(String trip, long id) {
        Event.Builder event = Event.newBuilder().setAggregateId(trip).setEventId(id);
        event.getTripProgressReportedBuilder().setTrip(trip).setDriver(2).setStep(99);
        return event;
    }

    private static Event.Builder started(String trip, long id) {
        Event.Builder event = Event.newBuilder().setAggregateId(trip).setEventId(id);
        event.getTripStartedBuilder().setTrip(trip).setDriver(2);
        return event;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Poison for trip A between commands of A and B, and a decision about A. */
    private static void appendMixture(Incarnation process) {
        process.append(answer(TRIP_A, 1));
        process.append(poison(TRIP_A, 2));
        process.append(answer(TRIP_B, 3));
        process.append(answer(TRIP_A, 4));
        process.append(started(TRIP_A, 5));
        process.append(StreamName.TRIPS, RecordType.EVENT, bytes("not an event at all"));
        process.append(answer(TRIP_B, 6));
    }

    @Test
    void goesOnAroundPoisonWhileItsTripsCommandsWaitBehindIt() {
        Incarnation process = new Incarnation(new FaultyDisk());
        appendMixture(process);
        process.settle();
        assertThat(process.taken)
                .containsExactly(
                        "aa OFFER_ANSWERED 1", "bb OFFER_ANSWERED 3", "aa TRIP_STARTED 5", "bb OFFER_ANSWERED 6");
        assertThat(process.states()).containsExactly("trips/0@1 PARKED 1", "trips/0@3 PARKED 1", "trips/0@5 PARKED 1");
        assertThat(process.letters.letters().stream().map(Letter::cause).toList())
                .satisfiesExactly(
                        cause -> assertThat(cause).contains("unknown trip step", "99"),
                        cause -> assertThat(cause).contains("waits behind"),
                        cause -> assertThat(cause).contains("not an event"));
        assertThat(process.letters.keyCount()).isEqualTo(1);
    }

    @Test
    void passesOverWhatANewerVersionSaysMayBePassedOverAndParksTheRest() {
        Incarnation process = new Incarnation(new FaultyDisk());
        process.append(Event.newBuilder().setAggregateId(TRIP_A).setEventId(1));
        process.append(Event.newBuilder().setAggregateId(TRIP_A).setEventId(2).setMustUnderstand(true));
        process.settle();
        assertThat(process.taken).containsExactly("aa PAYLOAD_NOT_SET 1");
        assertThat(process.states()).containsExactly("trips/0@1 PARKED 1");
    }

    @Test
    void writesALetterOnceThroughCrashesAtAnyMoment() {
        for (int seed = 0; seed < 40; seed++) {
            FaultyDisk disk = new FaultyDisk();
            Incarnation first = new Incarnation(disk);
            appendMixture(first);
            first.sync();
            int steps = seed % 5;
            for (int step = 0; step < steps; step++) {
                if (step % 2 == 0) {
                    first.read();
                } else {
                    first.sync();
                }
            }
            disk = seed % 3 == 0 ? disk.kill() : disk.crash(seed);
            Incarnation second = new Incarnation(disk);
            second.settle();
            Incarnation third = new Incarnation(disk.kill());
            third.settle();
            assertThat(third.taken).as("seed %d", seed).isEqualTo(second.taken).hasSize(4);
            assertThat(third.log.partition(StreamName.DEAD_LETTERS, 0).endOffset())
                    .as("seed %d", seed)
                    .isEqualTo(3);
            assertThat(third.states()).hasSize(3);
        }
    }

    @Test
    void aReaderWaitsAtTheRecordThatWouldPassABound() {
        Incarnation process = new Incarnation(new FaultyDisk(), 100, 1);
        process.append(poison(TRIP_A, 1));
        process.append(poison(TRIP_B, 2));
        process.append(answer("872830829ffffff-00000000000000cc", 3));
        process.settle();
        process.settle();
        assertThat(process.taken).isEmpty();
        assertThat(process.letters.isStalled()).isTrue();
        assertThat(process.nextTrip).isEqualTo(1);
        assertThat(process.states()).containsExactly("trips/0@0 PARKED 1");
    }

    private DlqReplay replayOf(Incarnation process) {
        return new DlqReplay(process.log, process.clock, time, 0);
    }

    private void replayAll(Incarnation process) {
        DlqReplay replay = replayOf(process);
        for (int i = 0; replay.doWork(); i++) {
            assertThat(i).isLessThan(1_000);
            process.sync();
        }
    }

    @Test
    void replaysInOrderOnceAndParksAgainWithTheNextAttempt() {
        Incarnation process = new Incarnation(new FaultyDisk());
        appendMixture(process);
        process.settle();
        replayAll(process);
        replayAll(process);
        process.settle();
        assertThat(process.taken).hasSize(4);
        assertThat(process.states())
                .containsExactly(
                        "trips/0@1 RESOLVED 1",
                        "trips/0@3 RESOLVED 1",
                        "trips/0@5 RESOLVED 1",
                        "trips/0@7 PARKED 2",
                        "trips/0@8 PARKED 2",
                        "trips/0@9 PARKED 2");
    }

    @Test
    void aRecordWhoseReaderWasMendedIsTakenOnceAndInItsTripsOrder() {
        FaultyDisk disk = new FaultyDisk();
        Incarnation broken = new Incarnation(disk);
        broken.append(answer(TRIP_A, 1));
        broken.append(answer(TRIP_A, 2));
        broken.append(answer(TRIP_B, 3));
        broken.sync();
        broken.letters.park(
                new Letter.Origin(StreamName.TRIPS, 0, 0),
                hlcOf(broken, 0),
                RecordType.EVENT,
                TRIP_A,
                "a reader that is broken",
                time.epochMs(),
                new UnsafeBuffer(answer(TRIP_A, 1).setSchemaVersion(1).build().toByteArray()),
                0,
                answer(TRIP_A, 1).setSchemaVersion(1).build().getSerializedSize());
        broken.settle();
        assertThat(broken.taken).containsExactly("bb OFFER_ANSWERED 3");
        replayAll(broken);

        Incarnation mended = new Incarnation(disk.kill());
        mended.settle();
        assertThat(mended.taken).containsExactly("bb OFFER_ANSWERED 3", "aa OFFER_ANSWERED 1", "aa OFFER_ANSWERED 2");
        assertThat(mended.letters.openCount()).isZero();
    }

    private static long hlcOf(Incarnation process, long offset) {
        long[] found = {0};
        process.log.partition(StreamName.TRIPS, 0).read(offset, 1, (at, hlc, type, buffer, index, length) -> {
            found[0] = hlc;
            return false;
        });
        return found[0];
    }

    @Test
    void aReplayThatDiesAtAnyStepIsFinishedWithoutDoublingARecord() {
        for (int steps = 0; steps < 24; steps++) {
            FaultyDisk disk = new FaultyDisk();
            Incarnation process = new Incarnation(disk);
            appendMixture(process);
            process.settle();
            DlqReplay replay = replayOf(process);
            for (int step = 0; step < steps; step++) {
                if (step % 2 == 0) {
                    replay.doWork();
                } else {
                    process.sync();
                }
            }
            Incarnation again = new Incarnation(steps % 3 == 0 ? disk.kill() : disk.crash(steps));
            replayAll(again);
            assertThat(again.log.partition(StreamName.TRIPS, 0).endOffset())
                    .as("died after %d steps", steps)
                    .isEqualTo(7 + 3);
            again.settle();
            assertThat(again.states()).contains("trips/0@7 PARKED 2", "trips/0@8 PARKED 2", "trips/0@9 PARKED 2");
        }
    }

    @Test
    void givesUpAStaleLocationAndPutsAFreshOneAmongTheLate() {
        Incarnation process = new Incarnation(new FaultyDisk());
        byte[] offThePlanet = new byte[64];
        new UnsafeBuffer(offThePlanet).putInt(io.hailstorm.kernel.FixDescriptor.LAT_OFFSET, Integer.MAX_VALUE);
        process.append(StreamName.FIXES, RecordType.FIX, offThePlanet);
        process.sync();
        time.advanceMs(DlqReplay.LOCATION_STALE_MS);
        process.append(StreamName.FIXES, RecordType.FIX, offThePlanet);
        process.sync();
        process.log.partition(StreamName.FIXES, 0).read(0, 10, (offset, hlc, type, buffer, index, length) -> {
            assertThat(process.gate.fix(StreamName.FIXES, 0, offset, hlc, type, buffer, index, length))
                    .isFalse();
            return true;
        });
        process.settle();
        replayAll(process);
        process.settle();
        assertThat(process.states()).containsExactly("fixes/0@0 EXPIRED 1", "fixes/0@1 RESOLVED 1");
        assertThat(process.log.partition(StreamName.FIXES, 0).endOffset()).isEqualTo(2);
        assertThat(process.log.partition(StreamName.LATE, 0).endOffset()).isEqualTo(1);
    }

    @Test
    void replaysNoFasterThanAsked() {
        Incarnation process = new Incarnation(new FaultyDisk());
        appendMixture(process);
        process.settle();
        DlqReplay replay = new DlqReplay(process.log, process.clock, time, 2);
        long startedMs = time.epochMs();
        while (replay.doWork()) {
            process.sync();
        }
        assertThat(replay.resolvedCount()).isEqualTo(3);
        assertThat(time.epochMs() - startedMs).isBetween(1_000L, 1_500L);
    }

    @Test
    void aDecisionOfANewerSchemaStopsTheNodeInsteadOfBecomingALetter() {
        Incarnation process = new Incarnation(new FaultyDisk());
        process.append(
                StreamName.TRIPS,
                RecordType.EVENT,
                started(TRIP_A, 1).setSchemaVersion(1_000).build().toByteArray());
        process.sync();
        assertThatThrownBy(process::read).hasMessageContaining("written by a newer Hailstorm");
    }
}
