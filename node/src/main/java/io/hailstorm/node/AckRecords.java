package io.hailstorm.node;

import io.hailstorm.simulator.Pauses;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * How a {@link BenchGenerator} tells the process that measures what was acknowledged, a record a batch, over a pipe. Times are
 * {@code System.nanoTime}, which HotSpot reads from one clock for all processes of a machine on Linux; {@link #read} refuses a
 * generator whose clock is another.
 *
 * <pre>
 *   the generator's clock i64, then for each batch:
 *   driver i64 | session i64 | acknowledged number i64 | rejected so far i64 | fixes i32
 *   | first sent, ns i64 | acknowledged, ns i64 | latitude i32 | longitude i32
 * </pre>
 */
final class AckRecords {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long CLOCK_DIFFERENCE_NS_MAX = 60_000_000_000L;

    /** A batch of a phone, all of which is acknowledged. */
    record Ack(
            long driver,
            long session,
            long ackedSeq,
            long rejectedCount,
            int fixCount,
            long sentNs,
            long ackedNs,
            int latE7,
            int lonE7) {}

    private AckRecords() {}

    /** The generator's end. Any thread. */
    static final class Writer {
        private final DataOutputStream out;

        Writer(OutputStream pipe) throws IOException {
            out = new DataOutputStream(new BufferedOutputStream(pipe, BUFFER_BYTES));
            out.writeLong(System.nanoTime());
        }

        synchronized void write(Ack ack) throws IOException {
            out.writeLong(ack.driver);
            out.writeLong(ack.session);
            out.writeLong(ack.ackedSeq);
            out.writeLong(ack.rejectedCount);
            out.writeInt(ack.fixCount);
            out.writeLong(ack.sentNs);
            out.writeLong(ack.ackedNs);
            out.writeInt(ack.latE7);
            out.writeInt(ack.lonE7);
        }

        synchronized void flush() throws IOException {
            out.flush();
        }
    }

    /** Reads to the generator's end. */
    static void read(InputStream pipe, Consumer<Ack> consumer) throws IOException {
        try (DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(pipe, BUFFER_BYTES))) {
            long differenceNs = System.nanoTime() - in.readLong();
            if (Math.abs(differenceNs) > CLOCK_DIFFERENCE_NS_MAX) {
                throw new IOException("the generator's clock differs by " + differenceNs + " ns");
            }
            while (true) {
                consumer.accept(new Ack(
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readInt(),
                        in.readLong(),
                        in.readLong(),
                        in.readInt(),
                        in.readInt()));
            }
        } catch (EOFException e) {
            // The generator has ended, or was ended within a record.
        }
    }

    /** What the phones of a generator were promised, and how long they waited. One thread feeds it. */
    static final class Tally implements Consumer<Ack> {
        private final Pauses pauses;
        private final Map<Long, Ack> lastByDriver = new TreeMap<>();

        Tally(Pauses pauses) {
            this.pauses = pauses;
        }

        @Override
        public void accept(Ack ack) {
            pauses.acked(ack.ackedNs, ack.fixCount);
            pauses.waited(ack.sentNs, ack.ackedNs, ack.latE7, ack.lonE7);
            lastByDriver.put(ack.driver, ack);
        }

        long rejectedCount() {
            return lastByDriver.values().stream().mapToLong(Ack::rejectedCount).sum();
        }

        List<HistoryChecker.Promise> promises() {
            List<HistoryChecker.Promise> promises = new ArrayList<>();
            lastByDriver.forEach((driver, ack) ->
                    promises.add(new HistoryChecker.Promise(driver, ack.session(), ack.ackedSeq(), List.of())));
            return promises;
        }
    }
}
