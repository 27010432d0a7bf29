package io.hailstorm.simulator;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Rows of a recorded file, streamed: CSV or gzip of it (told by its first bytes), columns found by header, rows outside a
 * time window skipped. A row that cannot be understood is reported with file, line and reason, counted, and left out.
 */
final class CsvRows {
    /** So many malformed rows are reported one by one; the others are only counted. */
    static final int REPORTED_MAX = 20;

    private static final int GZIP_MAGIC = 0x1f8b;

    private final Path file;
    private final List<String> required;
    private final List<String> filled;
    private final long fromMs;
    private final long untilMs;
    private final Consumer<String> messages;
    private long malformed;
    private long usable;
    private long outside;

    /**
     * @param required columns every row must have
     * @param filled those of them that must not be empty, beside numbers
     */
    CsvRows(
            Path file,
            List<String> required,
            List<String> filled,
            Optional<Instant> from,
            Optional<Instant> until,
            Consumer<String> messages) {
        this.file = file;
        this.required = required;
        this.filled = filled;
        this.fromMs = from.map(Instant::toEpochMilli).orElse(Long.MIN_VALUE);
        this.untilMs = until.map(Instant::toEpochMilli).orElse(Long.MAX_VALUE);
        this.messages = messages;
    }

    /** Takes a row; throws {@link MalformedRow} before it changed anything. */
    interface RowHandler {
        void onRow(Row row, long epochMs) throws MalformedRow;
    }

    /** Why a row cannot be used. */
    static final class MalformedRow extends Exception {
        private static final long serialVersionUID = 1L;

        private final String reason;

        MalformedRow(String reason) {
            super(reason);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }

    /** One row, read by column name. */
    static final class Row {
        private final CSVRecord record;

        Row(CSVRecord record) {
            this.record = record;
        }

        boolean has(String column) {
            return record.isMapped(column);
        }

        String text(String column) {
            return record.get(column).strip();
        }

        long wholeNumber(String column) throws MalformedRow {
            try {
                return Long.parseLong(text(column));
            } catch (NumberFormatException e) {
                throw new MalformedRow(column + " is not a whole number: \"" + text(column) + "\"");
            }
        }

        /**
         * A point in 1e-7 degrees, packed. Numbers out of a coordinate's range pass, as the phone would send them; they
         * are the server's to reject. What the wire cannot carry does not pass.
         */
        long pointE7(String latColumn, String lonColumn) throws MalformedRow {
            return pack(degreesE7(latColumn), degreesE7(lonColumn));
        }

        private int degreesE7(String column) throws MalformedRow {
            double degrees;
            try {
                degrees = Double.parseDouble(text(column));
            } catch (NumberFormatException e) {
                throw new MalformedRow(column + " is not a number: \"" + text(column) + "\"");
            }
            double e7 = degrees * 1e7;
            if (!(e7 >= Integer.MIN_VALUE && e7 <= Integer.MAX_VALUE)) {
                throw new MalformedRow(column + " is not a coordinate: \"" + text(column) + "\"");
            }
            return (int) Math.round(e7);
        }
    }

    static long pack(int latE7, int lonE7) {
        return (long) latE7 << 32 | (lonE7 & 0xFFFFFFFFL);
    }

    static GeoPoint point(long packed) {
        return new GeoPoint((int) (packed >> 32), (int) packed);
    }

    /** Hands every usable row of the window to {@code handler}, in file order. */
    void forEach(RowHandler handler) {
        try (Reader reader = open()) {
            CSVParser parser = CSVFormat.DEFAULT
                    .builder()
                    .setHeader()
                    .setSkipHeaderRecord(true)
                    .setIgnoreSurroundingSpaces(true)
                    .get()
                    .parse(reader);
            requireColumns(parser.getHeaderNames());
            int columns = parser.getHeaderNames().size();
            for (Iterator<CSVRecord> records = parser.iterator(); records.hasNext(); ) {
                CSVRecord record = records.next();
                long line = parser.getCurrentLineNumber();
                try {
                    take(record, columns, handler);
                } catch (MalformedRow e) {
                    reportMalformed(line, e.reason());
                }
            }
        } catch (IOException | UncheckedIOException | IllegalArgumentException | IllegalStateException e) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, "cannot read " + file + ": " + reasonOf(e), e);
        }
        if (malformed > REPORTED_MAX) {
            messages.accept(file + ": " + malformed + " malformed rows in all");
        }
        if (usable == 0) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "no usable row in " + file + ": malformed=" + malformed + ", outside the time window=" + outside);
        }
    }

    long malformedCount() {
        return malformed;
    }

    private void take(CSVRecord record, int columns, RowHandler handler) throws MalformedRow {
        if (record.size() != columns) {
            throw new MalformedRow("expected " + columns + " values, got " + record.size());
        }
        Row row = new Row(record);
        for (String column : filled) {
            if (row.text(column).isEmpty()) {
                throw new MalformedRow(column + " is empty");
            }
        }
        long atMs = row.wholeNumber("epoch_ms");
        if (atMs < fromMs || atMs >= untilMs) {
            outside++;
            return;
        }
        handler.onRow(row, atMs);
        usable++;
    }

    private void reportMalformed(long line, String reason) {
        malformed++;
        if (malformed <= REPORTED_MAX) {
            messages.accept(file + ":" + line + ": malformed row: " + reason);
        }
    }

    private void requireColumns(List<String> header) {
        for (String column : required) {
            if (!header.contains(column)) {
                throw new IllegalArgumentException(
                        "no column \"" + column + "\" in its header; expected " + String.join(",", required));
            }
        }
    }

    private Reader open() throws IOException {
        InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        in.mark(2);
        int magic = in.read() << 8 | in.read();
        in.reset();
        return new InputStreamReader(
                magic == GZIP_MAGIC ? new GZIPInputStream(in, 1 << 16) : in, StandardCharsets.UTF_8);
    }

    private static String reasonOf(Exception e) {
        String message = e.getMessage() == null ? "" : ": " + e.getMessage();
        return e instanceof IllegalArgumentException
                ? String.valueOf(e.getMessage())
                : e.getClass().getSimpleName() + message;
    }
}
