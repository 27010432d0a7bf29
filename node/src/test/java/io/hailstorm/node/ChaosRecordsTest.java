package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** The check of a chaos run: what it must not overlook. */
class ChaosRecordsTest {
    private static final int RECORDS = 10;

    private final ChaosRecords check = new ChaosRecords(2);
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[ChaosRecords.BYTES]);

    @Test
    void findsNothingWrongWithEveryRecordOnceAndInOrder() {
        readAllBut(-1);

        assertThat(check.lost(new long[] {RECORDS, 0})).isZero();
        assertThat(check.duplicated() + check.reordered() + check.corrupt()).isZero();
    }

    @Test
    void countsALostRecordOnlyWhereItWasAcknowledged() {
        readAllBut(7);

        assertThat(check.lost(new long[] {7, 0})).isZero();
        assertThat(check.lost(new long[] {8, 0})).isEqualTo(1);
        assertThat(check.lost(new long[] {RECORDS, 3})).isEqualTo(4);
    }

    @Test
    void countsARecordReadTwice() {
        readAllBut(-1);
        read(0, 3);
        read(0, RECORDS - 1);

        assertThat(check.duplicated()).isEqualTo(2);
        assertThat(check.reordered()).isZero();
    }

    @Test
    void countsARecordReadBehindALaterOne() {
        readAllBut(3);
        read(0, 3);

        assertThat(check.reordered()).isEqualTo(1);
        assertThat(check.lost(new long[] {RECORDS, 0})).isZero();
    }

    @Test
    void countsARecordWithAnyOfItsBitsFlippedAndOneInAForeignPartition() {
        for (int bit = 0; bit < ChaosRecords.BYTES * Byte.SIZE; bit++) {
            ChaosRecords.put(buffer, 0, 1, 5);
            int at = bit / Byte.SIZE;
            buffer.putByte(at, (byte) (buffer.getByte(at) ^ 1 << bit % Byte.SIZE));
            check.onRecord(1, buffer, 0, ChaosRecords.BYTES);
        }
        assertThat(check.corrupt()).isEqualTo(ChaosRecords.BYTES * Byte.SIZE);

        ChaosRecords.put(buffer, 0, 1, 5);
        check.onRecord(0, buffer, 0, ChaosRecords.BYTES);
        check.onRecord(1, buffer, 0, ChaosRecords.BYTES - 8);
        assertThat(check.corrupt()).isEqualTo(ChaosRecords.BYTES * Byte.SIZE + 2);
        assertThat(check.lost(new long[] {0, 6})).isEqualTo(6);
    }

    private void readAllBut(long left) {
        for (long seq = 0; seq < RECORDS; seq++) {
            if (seq != left) {
                read(0, seq);
            }
        }
    }

    private void read(int producer, long seq) {
        ChaosRecords.put(buffer, 0, producer, seq);
        check.onRecord(producer, buffer, 0, ChaosRecords.BYTES);
    }
}
