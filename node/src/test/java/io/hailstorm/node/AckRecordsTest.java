package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.simulator.Pauses;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AckRecordsTest {
    private static final AckRecords.Ack FIRST =
            new AckRecords.Ack(7, 70, 100, 1, 100, 1_000, 2_000, 377_000, -1_224_000);
    private static final AckRecords.Ack SECOND =
            new AckRecords.Ack(7, 70, 200, 2, 100, 3_000, 9_000, 378_000, -1_225_000);

    private static byte[] written() throws IOException {
        ByteArrayOutputStream pipe = new ByteArrayOutputStream();
        AckRecords.Writer writer = new AckRecords.Writer(pipe);
        writer.write(FIRST);
        writer.write(SECOND);
        writer.flush();
        return pipe.toByteArray();
    }

    private static List<AckRecords.Ack> read(byte[] bytes) throws IOException {
        List<AckRecords.Ack> read = new ArrayList<>();
        AckRecords.read(new ByteArrayInputStream(bytes), read::add);
        return read;
    }

    @Test
    void whatIsWrittenIsReadAndARecordCutOffIsNot() throws IOException {
        byte[] bytes = written();

        assertThat(read(bytes)).containsExactly(FIRST, SECOND);
        assertThat(read(Arrays.copyOf(bytes, bytes.length - 1))).containsExactly(FIRST);
    }

    @Test
    void refusesAGeneratorWithAnotherClock() throws IOException {
        byte[] bytes = written();
        bytes[0] ^= 0x40;

        assertThatThrownBy(() -> read(bytes)).isInstanceOf(IOException.class).hasMessageContaining("clock differs");
    }

    @Test
    void promisesAreTheLastAcknowledgedNumbersAndWaitsTheTimesBetween() {
        Pauses pauses = new Pauses(new VirtualTime(0));
        AckRecords.Tally tally = new AckRecords.Tally(pauses);
        tally.accept(FIRST);
        tally.accept(SECOND);

        assertThat(tally.promises()).containsExactly(new HistoryChecker.Promise(7, 70, 200, List.of()));
        assertThat(tally.rejectedCount()).isEqualTo(2);
        assertThat(pauses.waits().count()).isEqualTo(2);
        assertThat(pauses.waits().maxMs()).isEqualTo(0.006);
    }
}
