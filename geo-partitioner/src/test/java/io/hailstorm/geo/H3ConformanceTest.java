package io.hailstorm.geo;

import static org.assertj.core.api.Assertions.assertThat;

import io.hailstorm.kernel.GeoPoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * H3's own conformance inputs, {@code h3/*.txt.gz} in the directory named by the system property
 * {@code hailstorm.data} or the variable {@code HAILSTORM_DATA}, or in a sibling shared/data directory if
 * present. Skipped when there is none.
 */
class H3ConformanceTest {
    private static final Cells CELLS = Cells.create();

    private record Line(String file, long cell, double lat, double lon) {}

    @Test
    void findsTheCellOfEveryConformancePoint() throws IOException {
        List<Line> lines = conformanceLines();
        List<Line> wrong = lines.stream()
                .filter(line -> CELLS.cellOfDegrees(line.lat, line.lon, CELLS.resolution(line.cell)) != line.cell)
                .toList();
        assertThat(wrong).isEmpty();
        assertThat(lines).hasSizeGreaterThan(1_000);
    }

    @Test
    void placesTheCenterOfEveryConformanceCellWithinTheFilesPrecision() throws IOException {
        for (Line line : conformanceLines()) {
            // In the rand files the point is any point of the cell, not its centre.
            if (!line.file.startsWith("rand")) {
                var expected = GeoPoint.ofDegrees(line.lat, line.lon);
                assertThat(CELLS.center(line.cell).distanceMeters(expected))
                        .as(line.toString())
                        .isLessThan(0.2);
            }
        }
    }

    private static List<Line> conformanceLines() throws IOException {
        Optional<Path> directory = dataDirectory();
        Assumptions.assumeTrue(directory.isPresent(), "no H3 conformance inputs: set HAILSTORM_DATA");
        List<Line> lines = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory.orElseThrow(), "*.txt.gz")) {
            for (Path file : files) {
                read(file, lines);
            }
        }
        return lines;
    }

    private static void read(Path file, List<Line> lines) throws IOException {
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
            for (String text = reader.readLine(); text != null; text = reader.readLine()) {
                String[] columns = text.split(" ", -1);
                double lon = Double.parseDouble(columns[2]);
                lines.add(new Line(
                        String.valueOf(file.getFileName()),
                        Long.parseUnsignedLong(columns[0], 16),
                        Double.parseDouble(columns[1]),
                        lon > 180 ? lon - 360 : lon));
            }
        }
    }

    private static Optional<Path> dataDirectory() {
        List<Path> places = new ArrayList<>();
        String property = System.getProperty("hailstorm.data");
        String variable = System.getenv("HAILSTORM_DATA");
        if (property != null) {
            places.add(Path.of(property));
        }
        if (variable != null) {
            places.add(Path.of(variable));
        }
        // Tests run in the module's directory.
        places.add(Path.of("../../shared/data"));
        return places.stream()
                .map(place -> place.resolve("h3"))
                .filter(Files::isDirectory)
                .findFirst();
    }
}
