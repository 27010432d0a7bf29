package io.hailstorm.node;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Cells as an operator writes them down: a hexadecimal H3 index a line, or a JSON array of them. Stateless. */
final class CellsFile {
    private static final Pattern ROUTING_CELL = Pattern.compile("87[0-9a-f]{13}");
    private static final int CELL_DIGITS_MAX = 60;

    private CellsFile() {}

    /** @throws HailstormException {@code INVALID_ARGUMENT} naming the file and the line, or the element, that is wrong */
    static List<String> read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "cannot read the cells in " + file + ": " + e.getMessage(), e);
        }
        TreeSet<String> cells = new TreeSet<>();
        if (text.stripLeading().startsWith("[")) {
            JsonNode array = json(file, text);
            for (int i = 0; i < array.size(); i++) {
                cells.add(cell(array.get(i).asText(), file + ", element " + (i + 1)));
            }
        } else {
            List<String> lines = text.lines().toList();
            for (int i = 0; i < lines.size(); i++) {
                if (!lines.get(i).isBlank()) {
                    cells.add(cell(lines.get(i).strip(), file + ", line " + (i + 1)));
                }
            }
        }
        if (cells.isEmpty()) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, file + " names no cell");
        }
        return List.copyOf(cells);
    }

    private static JsonNode json(Path file, String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    file + ", line " + e.getLocation().getLineNr() + ": not a JSON array of cells: "
                            + e.getOriginalMessage(),
                    e);
        }
    }

    /** The cell in the form in which a node prints it. */
    static String cell(String text, String where) {
        String lower = text.toLowerCase(java.util.Locale.ROOT);
        if (!ROUTING_CELL.matcher(lower).matches()) {
            String shown = text.length() > CELL_DIGITS_MAX ? text.substring(0, CELL_DIGITS_MAX) + "…" : text;
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    where
                            + ": expected an H3 index of resolution 7 in hexadecimal, 15 digits that begin with 87,"
                            + " got \""
                            + shown + '"');
        }
        return lower;
    }
}
