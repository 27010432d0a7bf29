package io.hailstorm.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches that are stored other than plainly: what is on the disk, and what is refused. */
final class CodecTest {
    private static final Path DIRECTORY = LogFixture.partitionDirectory(StreamName.TRIPS);
    private static final Path FIRST = DIRECTORY.resolve(SegmentDescriptor.fileName(0));
    private static final int FIRST_BATCH = SegmentDescriptor.HEADER_LENGTH;
    private static final String SECRET = "the rider's doorstep";

    private final LogFixture fixture = new LogFixture();
    private final FaultyDisk disk = new FaultyDisk();
    private final RecordBatch batch = new RecordBatch(32 * 1024);

    private EmbeddedLog open(LogConfig config) {
        return EmbeddedLog.open(config, disk, fixture.time, LogFixture.DATA_DIR);
    }

    private static LogConfig encrypted(LogKeyset keyset) {
        return LogFixture.config().withKeyset(keyset);
    }

    private RecordBatch textBatch(int count) {
        UnsafeBuffer payload = new UnsafeBuffer(SECRET.getBytes(StandardCharsets.UTF_8));
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, fixture.clock.next(count));
        for (int i = 0; i < count; i++) {
            batch.add(RecordType.EVENT, payload, 0, payload.capacity());
        }
        return batch;
    }

    private static int readCount(PartitionReader trips) {
        int[] count = {0};
        trips.read(trips.startOffset(), Integer.MAX_VALUE, (offset, hlc, type, buffer, index, length) -> {
            byte[] bytes = new byte[length];
            buffer.getBytes(index, bytes);
            assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(SECRET);
            count[0]++;
            return true;
        });
        return count[0];
    }

    private byte[] content(Path path) {
        return disk.readAll(path).orElseThrow();
    }

    private boolean diskHolds(String text) {
        for (String name : disk.list(DIRECTORY)) {
            if (new String(content(DIRECTORY.resolve(name)), StandardCharsets.ISO_8859_1).contains(text)) {
                return true;
            }
        }
        return false;
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void storesACompressedBatchInLessSpaceAndAnIncompressibleOnePlainly(Compression compression) {
        try (EmbeddedLog log = open(LogFixture.compressed(LogFixture.config(), compression))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(textBatch(100));
            long compressed = log.stats(StreamName.TRIPS).appendedBytes();
            assertThat(compressed).isLessThan(100 * 20);
            fixture.sync(log);
            assertThat(content(FIRST)[FIRST_BATCH + BatchDescriptor.CODEC_OFFSET])
                    .isEqualTo((byte) compression.code());

            byte[] noise = new byte[4096];
            new Random(1).nextBytes(noise);
            batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, fixture.clock.next(1));
            batch.add(RecordType.EVENT, new UnsafeBuffer(noise), 0, noise.length);
            trips.append(batch);
            assertThat(log.stats(StreamName.TRIPS).appendedBytes() - compressed)
                    .isEqualTo(BatchDescriptor.HEADER_LENGTH + RecordBatch.recordLength(noise.length));
            fixture.sync(log);
            trips.read(100, 1, (offset, hlc, type, buffer, index, length) -> {
                byte[] read = new byte[length];
                buffer.getBytes(index, read);
                assertThat(read).isEqualTo(noise);
                return true;
            });
        }
    }

    /** With a valid checksum, so that nothing but the bound protects the reader. */
    private void rewrite(int field, int value) {
        byte[] bytes = content(FIRST);
        UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        byte[] before = bytes.clone();
        buffer.putInt(FIRST_BATCH + field, value);
        int length = buffer.getInt(FIRST_BATCH);
        buffer.putInt(
                FIRST_BATCH + BatchDescriptor.CRC_OFFSET,
                SegmentDescriptor.crc(buffer, FIRST_BATCH + BatchDescriptor.CHECKED_OFFSET, FIRST_BATCH + length));
        for (int at = 0; at < bytes.length; at++) {
            if (bytes[at] != before[at]) {
                disk.corrupt(FIRST, at, bytes[at] ^ before[at]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LZ4", "ZSTD"})
    void refusesABatchThatWouldGrowBeyondBoundsOrLies(Compression compression) {
        try (EmbeddedLog log = open(LogFixture.compressed(LogFixture.config(), compression))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(textBatch(100));
            fixture.sync(log);
            int rawLength = new UnsafeBuffer(content(FIRST)).getInt(FIRST_BATCH + BatchDescriptor.RAW_LENGTH_OFFSET);
            for (int lie : new int[] {Integer.MAX_VALUE, BatchDescriptor.RAW_LENGTH_MAX + 1, -1, 0, rawLength - 8}) {
                rewrite(BatchDescriptor.RAW_LENGTH_OFFSET, lie);
                assertThatThrownBy(() -> readCount(trips))
                        .as("raw length %d", lie)
                        .isInstanceOfSatisfying(
                                HailstormException.class,
                                e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_LOSS))
                        .hasMessageContaining("position=" + FIRST_BATCH);
            }
            rewrite(BatchDescriptor.RAW_LENGTH_OFFSET, rawLength);
            assertThat(readCount(trips)).isEqualTo(100);
        }
    }

    @Test
    void writesNoRecordInTheClearWhenEncrypted() {
        LogKeyset keyset = LogKeyset.generate("keys.json");
        try (EmbeddedLog log = open(encrypted(keyset))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(textBatch(3));
            fixture.sync(log);
            assertThat(readCount(trips)).isEqualTo(3);
            assertThat(diskHolds(SECRET)).isFalse();
        }
        try (EmbeddedLog plain = open(LogFixture.config())) {
            plain.partition(StreamName.TRIPS, 1).append(textBatch(1));
        }
        assertThat(new String(
                        content(EmbeddedLog.partitionDirectory(LogFixture.DATA_DIR.resolve("log"), StreamName.TRIPS, 1)
                                .resolve(SegmentDescriptor.fileName(0))),
                        StandardCharsets.ISO_8859_1))
                .contains(SECRET);
    }

    @Test
    void readsSegmentsOfEveryKeyItHoldsAndWritesWithTheNewest() {
        LogKeyset first = LogKeyset.generate("keys.json");
        LogKeyset both = LogKeyset.parse(first.rotated().json(), "keys.json");
        assertThat(both.keys()).hasSize(2);
        try (EmbeddedLog log = open(encrypted(first))) {
            log.partition(StreamName.TRIPS, 0).append(textBatch(3));
        }
        try (EmbeddedLog log = open(encrypted(both))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(fixture.append(log, trips, textBatch(2))).isEqualTo(3);
            fixture.sync(log);
            assertThat(readCount(trips)).isEqualTo(5);
        }
        assertThat(keyOf(FIRST)).isEqualTo(first.primaryKeyId());
        assertThat(keyOf(DIRECTORY.resolve(SegmentDescriptor.fileName(3)))).isEqualTo(both.primaryKeyId());
    }

    private int keyOf(Path segment) {
        return new UnsafeBuffer(content(segment)).getInt(SegmentDescriptor.KEY_ID_OFFSET);
    }

    @Test
    void beginsANewSegmentWhenEncryptionIsTurnedOn() {
        LogKeyset keyset = LogKeyset.generate("keys.json");
        try (EmbeddedLog log = open(LogFixture.config())) {
            log.partition(StreamName.TRIPS, 0).append(fixture.batch(0, 3));
        }
        try (EmbeddedLog log = open(encrypted(keyset))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            assertThat(fixture.append(log, trips, textBatch(2))).isEqualTo(3);
            fixture.sync(log);
            assertThat(diskHolds(SECRET)).isFalse();
        }
    }

    @Test
    void namesSegmentAndKeyWhenTheKeyIsLostAndServesTheOthers() {
        LogKeyset lost = LogKeyset.generate("lost.json");
        LogKeyset other = LogKeyset.generate("other.json");
        try (EmbeddedLog log = open(encrypted(lost))) {
            log.partition(StreamName.TRIPS, 0).append(textBatch(3));
        }
        try (EmbeddedLog log = open(encrypted(other))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            fixture.append(log, trips, textBatch(2));
            fixture.sync(log);
            assertThatThrownBy(() -> readCount(trips))
                    .isInstanceOfSatisfying(
                            HailstormException.class,
                            e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                    .hasMessageContaining(FIRST.toString())
                    .hasMessageContaining(Integer.toUnsignedString(lost.primaryKeyId()))
                    .hasMessageContaining("other.json");
            int[] count = {0};
            trips.read(3, 10, (offset, hlc, type, buffer, index, length) -> ++count[0] > 0);
            assertThat(count[0]).isEqualTo(2);
        }
        assertThat(LogVerifier.verify(disk, LogFixture.DATA_DIR).problems()).isEmpty();
    }

    @Test
    void noticesABatchThatWasMovedOrChangedUnderAValidChecksum() {
        LogKeyset keyset = LogKeyset.generate("keys.json");
        try (EmbeddedLog log = open(encrypted(keyset))) {
            PartitionLog trips = log.partition(StreamName.TRIPS, 0);
            trips.append(textBatch(3));
            fixture.sync(log);
            for (int field : List.of(
                    BatchDescriptor.BASE_SEQ_OFFSET,
                    BatchDescriptor.HLC_FIRST_OFFSET,
                    BatchDescriptor.COUNT_OFFSET,
                    BatchDescriptor.STORED_OFFSET + 12)) {
                int was = new UnsafeBuffer(content(FIRST)).getInt(FIRST_BATCH + field);
                rewrite(field, was + 1);
                assertThatThrownBy(() -> readCount(trips))
                        .as("field at %d", field)
                        .hasMessageContaining("does not decrypt");
                rewrite(field, was);
            }
            assertThat(readCount(trips)).isEqualTo(3);
        }
    }

    @Test
    void doesNotTakeOneSegmentsKeyForAnother() {
        LogKeyset keyset = LogKeyset.generate("keys.json");
        try (EmbeddedLog log = open(encrypted(keyset))) {
            log.partition(StreamName.TRIPS, 0).append(textBatch(3));
            log.partition(StreamName.TRIPS, 1).append(textBatch(3));
        }
        Path second = EmbeddedLog.partitionDirectory(LogFixture.DATA_DIR.resolve("log"), StreamName.TRIPS, 1)
                .resolve(SegmentDescriptor.fileName(0));
        byte[] mine = content(FIRST);
        byte[] other = content(second);
        assertThat(Arrays.equals(mine, FIRST_BATCH, FIRST_BATCH + 200, other, FIRST_BATCH, FIRST_BATCH + 200))
                .isFalse();
        for (int at = SegmentDescriptor.FLAGS_OFFSET; at < mine.length; at++) {
            if (mine[at] != other[at]) {
                disk.corrupt(FIRST, at, mine[at] ^ other[at]);
            }
        }
        assertThatThrownBy(() -> open(encrypted(keyset)))
                .hasMessageContaining(FIRST.toString())
                .hasMessageContaining("cannot be unwrapped");
    }

    @Test
    void cutsOffAnEncryptedTailWhoseSegmentHeaderWasNeverSynced() {
        LogKeyset keyset = LogKeyset.generate("keys.json");
        for (int seed = 0; seed < 30; seed++) {
            FaultyDisk fresh = new FaultyDisk();
            EmbeddedLog log = EmbeddedLog.open(encrypted(keyset), fresh, fixture.time, LogFixture.DATA_DIR);
            log.partition(StreamName.TRIPS, 0).append(textBatch(50));
            fresh.writeBack(seed);
            FaultyDisk crashed = fresh.crash(seed);
            try (EmbeddedLog again = EmbeddedLog.open(encrypted(keyset), crashed, fixture.time, LogFixture.DATA_DIR)) {
                PartitionLog trips = again.partition(StreamName.TRIPS, 0);
                long end = trips.endOffset();
                assertThat(readCount(trips)).isEqualTo((int) end);
                assertThat(trips.append(textBatch(2))).isEqualTo(end);
                fixture.sync(again);
                assertThat(readCount(trips)).isEqualTo((int) end + 2);
            }
        }
    }

    @Test
    void refusesAKeysetThatIsNone() {
        for (String text : List.of("", "{}", "[]", "{\"primaryKeyId\":1,\"key\":[]}", "secret")) {
            assertThatThrownBy(() -> LogKeyset.parse(text, "keys.json"))
                    .as(text)
                    .isInstanceOf(HailstormException.class)
                    .hasMessageContaining("keys.json");
        }
    }

    @Test
    void readsAKeysetThatTinkWrote() {
        // tinkey create-keyset --key-template AES256_GCM, with a made-up key
        String json = """
            {"primaryKeyId":2931784261,"key":[{"keyData":{
            "typeUrl":"type.googleapis.com/google.crypto.tink.AesGcmKey",
            "value":"GiAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==",
            "keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":2931784261,"outputPrefixType":"TINK"}]}
            """;
        LogKeyset keyset = LogKeyset.parse(json, "keys.json");
        assertThat(keyset.keys()).containsExactly(new LogKeyset.KeyInfo(2_931_784_261L, "ENABLED", true));
        assertThat(LogKeyset.parse(keyset.json(), "again").keys()).isEqualTo(keyset.keys());
    }
}
