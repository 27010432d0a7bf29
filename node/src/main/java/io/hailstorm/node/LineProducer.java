package io.hailstorm.node;

import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.log.Log;
import io.hailstorm.log.PartitionLog;
import io.hailstorm.log.RecordBatch;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Appends lines and prints each once it is acknowledged, never before: a line on standard output survives whatever its
 * stream's acknowledgement promises. Pipelined: lines are appended while earlier ones wait for the disk. One thread reads
 * the lines into a bounded queue; the caller's does everything else.
 */
final class LineProducer {
    private static final int LINES_WAITING_MAX = 1 << 14;
    private static final int LINE_BYTES_MAX = 1 << 20;
    private static final int BATCH_BYTES = LINE_BYTES_MAX + (1 << 16);
    private static final int BATCH_LINES_MAX = 1024;
    private static final int UNACKED_BATCHES_MAX = 1 << 14;
    private static final long PAUSE_NS = 200_000;
    private static final long HOOK_WAIT_S = 20;

    /** A line, or the end of the input: for a reason, unless it just ended. */
    @SuppressWarnings("ArrayRecordComponent") // never changed, never compared
    private record Line(byte[] bytes, @Nullable String failure, boolean isEnd) {}

    private record Unacked(long offset, long seq, int count) {}

    /**
     * How lines are numbered.
     *
     * @param producer {@link RecordBatch#NO_PRODUCER} for plain records
     * @param fromSeq of the first line; {@link #RESUME} for where the producer left off
     */
    record Numbering(long producer, int epoch, long fromSeq) {
        static final long RESUME = -1;
    }

    private final Log log;
    private final PartitionLog to;
    private final Numbering numbering;
    private final PrintWriter out;
    private final PrintWriter err;
    private final TimeSource time = new SystemTimeSource();
    private final HybridLogicalClock clock = new HybridLogicalClock(time);
    private final BlockingQueue<Line> lines = new ArrayBlockingQueue<>(LINES_WAITING_MAX);
    private final ArrayDeque<Unacked> unacked = new ArrayDeque<>();
    private final RecordBatch batch = new RecordBatch(BATCH_BYTES);
    private final UnsafeBuffer payload = new UnsafeBuffer(0, 0);
    private final CountDownLatch done = new CountDownLatch(1);
    private final long knownSeq;
    private volatile boolean interrupted;
    private @Nullable Line pending;
    private long nextSeq;

    LineProducer(Log log, PartitionLog to, Numbering numbering, PrintWriter out, PrintWriter err) {
        this.log = log;
        this.to = to;
        this.numbering = numbering;
        this.out = out;
        this.err = err;
        knownSeq = numbering.producer() == RecordBatch.NO_PRODUCER
                ? PartitionLog.UNKNOWN_PRODUCER
                : to.nextSeq(numbering.producer());
        nextSeq = numbering.fromSeq() == Numbering.RESUME ? Math.max(0, knownSeq) : numbering.fromSeq();
        restoreClock();
    }

    private void restoreClock() {
        if (to.endOffset() > to.startOffset()) {
            to.read(to.endOffset() - 1, 1, (offset, hlc, type, buffer, index, length) -> {
                clock.restore(hlc);
                return true;
            });
        }
    }

    /**
     * Runs until the input ends, or the process is asked to.
     *
     * @return false when something could not be appended or printed; what that was stands on {@code err}
     */
    boolean run(InputStream in) {
        Thread reader = new Thread(() -> read(in), "hailstorm-stdin");
        reader.setDaemon(true);
        reader.start();
        Thread hook = new Thread(this::interrupt);
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            boolean ok = loop();
            out.flush();
            return ok && !out.checkError();
        } finally {
            done.countDown();
            removeHook(hook);
        }
    }

    private void interrupt() {
        interrupted = true;
        try {
            if (!done.await(HOOK_WAIT_S, TimeUnit.SECONDS)) {
                err.println("hailstorm: the disk did not answer; lines that were not printed may be lost");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, which is what ended the run.
        }
    }

    private boolean loop() {
        boolean ended = false;
        boolean ok = true;
        while (!ended || !unacked.isEmpty()) {
            int work = 0;
            if (!ended && !interrupted && unacked.size() < UNACKED_BATCHES_MAX) {
                Line line = pending == null ? lines.poll() : pending;
                pending = null;
                if (line != null) {
                    work++;
                    if (line.isEnd()) {
                        ended = true;
                        ok &= reportEnd(line);
                    } else {
                        String refusal = append(line);
                        if (refusal != null) {
                            err.println("hailstorm: " + refusal);
                            ended = true;
                            ok = false;
                        }
                    }
                }
            } else if (interrupted) {
                ended = true;
            }
            work += log.doWork(time.monotonicNs());
            work += acknowledge();
            if (out.checkError()) {
                err.println("hailstorm: nobody reads the output any more");
                return false;
            }
            if (work == 0) {
                LockSupport.parkNanos(PAUSE_NS);
            }
        }
        return ok;
    }

    private boolean reportEnd(Line end) {
        String failure = end.failure();
        if (failure != null) {
            err.println("hailstorm: " + failure);
        }
        return failure == null;
    }

    /** Appends this line and those that wait behind it; what is wrong with it, or null. */
    private @Nullable String append(Line first) {
        if (nextSeq < knownSeq) {
            return appendAgain(first);
        }
        begin();
        add(first);
        while (batch.count() < BATCH_LINES_MAX && pending == null) {
            Line line = lines.peek();
            if (line == null || line.isEnd() || !add(line)) {
                break;
            }
            lines.poll();
        }
        long offset = offer();
        if (offset < 0) {
            return refusal(offset);
        }
        unacked.add(new Unacked(offset, nextSeq, batch.count()));
        nextSeq += batch.count();
        return null;
    }

    /** A line that the producer may have sent before: alone, as its batch was of unknown size then. */
    private @Nullable String appendAgain(Line line) {
        begin();
        add(line);
        long offset = offer();
        if (offset == PartitionLog.FENCED) {
            return refusal(offset);
        }
        unacked.add(new Unacked(offset, nextSeq, 1));
        nextSeq++;
        return null;
    }

    private void begin() {
        batch.begin(0, numbering.producer(), numbering.epoch(), nextSeq, 0);
    }

    private boolean add(Line line) {
        payload.wrap(line.bytes());
        return batch.add(RecordType.TEXT, payload, 0, line.bytes().length);
    }

    private long offer() {
        batch.stamp(clock.next(batch.count()));
        long offset = to.append(batch);
        while (offset == PartitionLog.BACK_PRESSURED) {
            log.doWork(time.monotonicNs());
            acknowledge();
            offset = to.append(batch);
        }
        return offset;
    }

    private String refusal(long verdict) {
        String who = "producer " + numbering.producer() + ", epoch " + numbering.epoch();
        if (verdict == PartitionLog.FENCED) {
            return who + ": fenced, a newer epoch has written since; give a higher --epoch to take over";
        }
        return who + ": line " + nextSeq + " leaves a gap, the log expects " + knownSeq + "; give --from-seq "
                + knownSeq;
    }

    /** Prints what became durable, in order. */
    private int acknowledge() {
        int printed = 0;
        long durable = to.durableOffset();
        for (Unacked next = unacked.peek(); next != null && isDurable(next, durable); next = unacked.peek()) {
            unacked.remove();
            for (int i = 0; i < next.count(); i++) {
                String offset = next.offset() < 0 ? "-" : Long.toString(next.offset() + i);
                out.print(offset + " " + (next.seq() + i) + "\n");
            }
            printed += next.count();
        }
        if (printed > 0) {
            out.flush();
        }
        return printed;
    }

    /** What was there before the log was opened is durable since then. */
    private static boolean isDurable(Unacked batch, long durable) {
        return batch.offset() < 0 || batch.offset() + batch.count() <= durable;
    }

    private void read(InputStream in) {
        BufferedInputStream from = new BufferedInputStream(in, 1 << 16);
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        long number = 1;
        try {
            for (int each = from.read(); each >= 0; each = from.read()) {
                if (each == '\n') {
                    lines.put(new Line(line.toByteArray(), null, false));
                    line.reset();
                    number++;
                } else if (line.size() == LINE_BYTES_MAX) {
                    lines.put(new Line(
                            new byte[0], "line " + number + " is longer than " + LINE_BYTES_MAX + " bytes", true));
                    return;
                } else {
                    line.write(each);
                }
            }
            if (line.size() > 0) {
                lines.put(new Line(line.toByteArray(), null, false));
            }
            lines.put(new Line(new byte[0], null, true));
        } catch (IOException e) {
            endBecause("cannot read standard input: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void endBecause(String failure) {
        try {
            lines.put(new Line(new byte[0], failure, true));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
