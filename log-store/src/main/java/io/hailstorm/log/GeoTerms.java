package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * In which term each record of each partition was written: what tells a copy and its primary how far they agree. One small
 * file, replaced atomically and durably before the first record of a term is appended or copied.
 */
final class GeoTerms {
    static final String FILE_NAME = "terms";

    /** "HAILGEO1" in file order. */
    private static final long MAGIC = 0x314F4547_4C494148L;

    /** The terms of one partition of one stream, ascending, each with the offset its first record has or would have had. */
    static final class History {
        /** Terms remembered; records older than these are taken for the oldest one's. */
        static final int TERMS_MAX = 128;

        private long[] terms = new long[0];
        private long[] starts = new long[0];

        /** The term of the record before an offset; 0 for none. */
        long termBefore(long endOffset) {
            for (int i = terms.length - 1; i >= 0; i--) {
                if (starts[i] < endOffset) {
                    return terms[i];
                }
            }
            return 0;
        }

        /** Where records of a term or an older one end, in a log that ends at {@code endOffset}. */
        long endOf(long term, long endOffset) {
            for (int i = 0; i < terms.length; i++) {
                if (terms[i] > term) {
                    return Math.min(starts[i], endOffset);
                }
            }
            return endOffset;
        }

        /** A term begins at the end of the log; what was noted of a longer log is forgotten. */
        void begin(long term, long endOffset) {
            int kept = 0;
            while (kept < terms.length && terms[kept] < term && starts[kept] < endOffset) {
                kept++;
            }
            int from = Math.max(0, kept + 1 - TERMS_MAX);
            terms = Arrays.copyOf(Arrays.copyOfRange(terms, from, kept), kept - from + 1);
            starts = Arrays.copyOf(Arrays.copyOfRange(starts, from, kept), kept - from + 1);
            terms[kept - from] = term;
            starts[kept - from] = endOffset;
        }

        void set(History other) {
            terms = other.terms.clone();
            starts = other.starts.clone();
        }

        List<TermStart> all() {
            List<TermStart> all = new ArrayList<>(terms.length);
            for (int i = 0; i < terms.length; i++) {
                all.add(new TermStart(terms[i], starts[i]));
            }
            return List.copyOf(all);
        }

        int encodedBytes() {
            return Integer.BYTES + terms.length * 2 * Long.BYTES;
        }

        void encode(ByteBuffer to) {
            to.putInt(terms.length);
            for (int i = 0; i < terms.length; i++) {
                to.putLong(terms[i]).putLong(starts[i]);
            }
        }

        static History decode(ByteBuffer in) {
            History history = new History();
            int count = in.getInt();
            if (count < 0 || count > TERMS_MAX) {
                throw new IllegalArgumentException("terms: " + count);
            }
            history.terms = new long[count];
            history.starts = new long[count];
            for (int i = 0; i < count; i++) {
                history.terms[i] = in.getLong();
                history.starts[i] = in.getLong();
            }
            return history;
        }
    }

    private final Disk disk;
    private final Path path;
    private final History[] histories;

    /** @param slotCount streams times partitions */
    GeoTerms(Disk disk, Path logDirectory, int slotCount) {
        this.disk = disk;
        path = logDirectory.resolve(FILE_NAME);
        histories = new History[slotCount];
        for (int i = 0; i < slotCount; i++) {
            histories[i] = new History();
        }
        disk.readAll(path).ifPresent(this::decode);
    }

    private void decode(byte[] content) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        boolean sound = content.length >= 16
                && in.getLong() == MAGIC
                && in.getInt(content.length - Integer.BYTES) == crc(content, content.length - Integer.BYTES)
                && in.getInt() == histories.length;
        if (!sound) {
            throw new HailstormException(
                    ErrorCode.DATA_LOSS,
                    path
                            + ": does not check out; restore it from a copy, or remove the data directory to copy"
                            + " everything from the other regions");
        }
        for (int i = 0; i < histories.length; i++) {
            histories[i] = History.decode(in);
        }
    }

    History of(int slot) {
        return histories[slot];
    }

    /** Makes every history durable as it is now. */
    void save() {
        int bytes = 16;
        for (History history : histories) {
            bytes += history.encodedBytes();
        }
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(MAGIC).putInt(histories.length);
        for (History history : histories) {
            history.encode(out);
        }
        out.putInt(crc(out.array(), bytes - Integer.BYTES));
        disk.writeAtomically(path, out.array());
    }

    private static int crc(byte[] content, int length) {
        CRC32C crc = new CRC32C();
        crc.update(content, 0, length);
        return (int) crc.getValue();
    }
}
