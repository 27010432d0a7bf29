package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CellsFileTest {
    @TempDir
    private Path directory;

    @Test
    void readsACellALine() throws IOException {
        assertThat(CellsFile.read(file("872830828ffffff\n\n  87283082AFFFFFF\n872830828ffffff\n")))
                .containsExactly("872830828ffffff", "87283082affffff");
    }

    @Test
    void readsAJsonArray() throws IOException {
        assertThat(CellsFile.read(file(" [\"872830828ffffff\", \"87283082affffff\"]\n")))
                .containsExactly("872830828ffffff", "87283082affffff");
    }

    @Test
    void namesTheLineThatIsWrong() throws IOException {
        refuses("872830828ffffff\n88283082affffff\n", "line 2", "88283082affffff");
        refuses("[\"872830828ffffff\", 7]", "element 2");
        refuses("[\n\"872830828ffffff\",\n", "line");
        refuses("\n\n", "names no cell");
    }

    @Test
    void saysWhatItCannotRead() {
        assertThatThrownBy(() -> CellsFile.read(directory.resolve("missing")))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("missing");
    }

    private void refuses(String text, String... said) throws IOException {
        Path file = file(text);
        assertThatThrownBy(() -> CellsFile.read(file))
                .isInstanceOf(HailstormException.class)
                .message()
                .contains(said);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("cells"), text);
    }
}
