package io.hailstorm.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.agrona.collections.LongArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LedgerFileTest {
    @TempDir
    Path folder;

    @Test
    void readsBackTheLastAcknowledgementAndEveryRejection() {
        Path file = folder.resolve("ledger");
        LongArrayList none = new LongArrayList();
        LongArrayList two = new LongArrayList();
        two.addLong(9);
        two.addLong(4);
        try (LedgerFile.Writer writer = LedgerFile.Writer.append(file)) {
            writer.acked(2, 10, 3, none);
            writer.acked(1, 20, 9, two);
            writer.acked(2, 10, 5, none);
            writer.flush();
        }
        try (LedgerFile.Writer writer = LedgerFile.Writer.append(file)) {
            writer.acked(2, 11, 1, none);
        }
        assertEquals(
                List.of(
                        new LedgerFile.Entry(1, 20, 9, List.of(4L, 9L)),
                        new LedgerFile.Entry(2, 10, 5, List.of()),
                        new LedgerFile.Entry(2, 11, 1, List.of())),
                LedgerFile.read(file));
    }

    @Test
    void ignoresATornLastLineAndRefusesAMalformedOne() throws IOException {
        Path file = folder.resolve("ledger");
        Files.writeString(file, "1 2 30\n1 2 4");
        assertEquals(List.of(new LedgerFile.Entry(1, 2, 30, List.of())), LedgerFile.read(file));
        Files.writeString(file, "1 2 30\n1 x 40\n");
        HailstormException e = assertThrows(HailstormException.class, () -> LedgerFile.read(file));
        assertTrue(String.valueOf(e.getMessage()).contains("line=2"), String.valueOf(e.getMessage()));
    }
}
