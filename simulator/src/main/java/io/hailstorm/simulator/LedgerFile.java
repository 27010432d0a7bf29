package io.hailstorm.simulator;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.agrona.collections.LongArrayList;

/**
 * The acknowledgements that clients saw, in a file: it survives a killed process, so that the restarted server can be held
 * to what its predecessor promised. Text, one line an advance, appended; the last line of a session counts:
 *
 * <pre>
 *   driver session ackedSeq [rejectedSeq,rejectedSeq…]
 * </pre>
 *
 * <p>Rejected seqs are those since the session's previous line.
 */
public final class LedgerFile {
    private LedgerFile() {}

    /**
     * What a session was promised.
     *
     * @param rejectedSeqs ascending, without repetition
     */
    public record Entry(long driver, long session, long ackedSeq, List<Long> rejectedSeqs) {
        public Entry {
            rejectedSeqs = List.copyOf(rejectedSeqs);
        }
    }

    /** Appends; one owner thread. What {@link #flush} returned from survives this process being killed. */
    public static final class Writer implements AutoCloseable {
        private final Path file;
        private final BufferedWriter out;

        private Writer(Path file, BufferedWriter out) {
            this.file = file;
            this.out = out;
        }

        /** Opens for appending; creates when absent. */
        public static Writer append(Path file) {
            try {
                return new Writer(
                        file,
                        Files.newBufferedWriter(
                                file, StandardCharsets.US_ASCII, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
            } catch (IOException e) {
                throw unwritable(file, e);
            }
        }

        void acked(long driver, long session, long ackedSeq, LongArrayList newlyRejected) {
            try {
                out.append(Long.toString(driver)).append(' ');
                out.append(Long.toString(session)).append(' ');
                out.append(Long.toString(ackedSeq));
                for (int i = 0; i < newlyRejected.size(); i++) {
                    out.append(i == 0 ? ' ' : ',').append(Long.toString(newlyRejected.getLong(i)));
                }
                out.append('\n');
            } catch (IOException e) {
                throw unwritable(file, e);
            }
        }

        void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw unwritable(file, e);
            }
        }

        @Override
        public void close() {
            try {
                out.close();
            } catch (IOException e) {
                throw unwritable(file, e);
            }
        }
    }

    /**
     * Reads a ledger, by driver, then session. A torn last line (no line end) is ignored: its acknowledgement was not yet
     * recorded.
     *
     * @throws HailstormException with {@link ErrorCode#DATA_LOSS} naming the first malformed line
     */
    public static List<Entry> read(Path file) {
        SortedMap<Key, Building> byKey = new TreeMap<>();
        try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
            String text = Files.size(file) == 0 ? "" : readWholeLines(in);
            long lineNumber = 0;
            for (String line : text.lines().toList()) {
                lineNumber++;
                add(byKey, file, lineNumber, line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read ledger " + file, e);
        }
        List<Entry> entries = new ArrayList<>(byKey.size());
        byKey.forEach((key, building) -> entries.add(new Entry(
                key.driver,
                key.session,
                building.ackedSeq,
                building.rejected.stream().sorted().distinct().toList())));
        return entries;
    }

    private record Key(long driver, long session) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byDriver = Long.compare(driver, other.driver);
            return byDriver != 0 ? byDriver : Long.compare(session, other.session);
        }
    }

    private static final class Building {
        long ackedSeq;
        final List<Long> rejected = new ArrayList<>();
    }

    private static String readWholeLines(BufferedReader in) throws IOException {
        StringBuilder all = new StringBuilder();
        char[] chunk = new char[1 << 16];
        for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
            all.append(chunk, 0, n);
        }
        return all.substring(0, all.lastIndexOf("\n") + 1);
    }

    private static void add(SortedMap<Key, Building> byKey, Path file, long lineNumber, String line) {
        String[] parts = line.split(" ", -1);
        try {
            if (parts.length == 3 || parts.length == 4) {
                Building building = byKey.computeIfAbsent(
                        new Key(Long.parseLong(parts[0]), Long.parseLong(parts[1])), key -> new Building());
                building.ackedSeq = Math.max(building.ackedSeq, Long.parseLong(parts[2]));
                if (parts.length == 4) {
                    for (String seq : parts[3].split(",", -1)) {
                        building.rejected.add(Long.parseLong(seq));
                    }
                }
                return;
            }
        } catch (NumberFormatException e) {
            throw malformed(file, lineNumber, line, e);
        }
        throw malformed(file, lineNumber, line, null);
    }

    private static HailstormException malformed(
            Path file, long lineNumber, String line, @org.jspecify.annotations.Nullable Exception cause) {
        return new HailstormException(
                ErrorCode.DATA_LOSS,
                "malformed ledger line: file=" + file + ", line=" + lineNumber
                        + ", expected \"driver session ackedSeq [seq,…]\", got \"" + line + "\"",
                cause);
    }

    private static HailstormException unwritable(Path file, IOException cause) {
        return new HailstormException(
                ErrorCode.UNAVAILABLE, "cannot write ledger " + file + ": " + cause.getMessage(), cause);
    }
}
