package io.hailstorm.node;

import io.hailstorm.log.AckLevel;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.wire.DocumentContext;

/**
 * Chronicle Queue with its defaults (daily roll, no sync): its promise is {@code MEMORY}. One excerpt a record is what our
 * records are compared with; one excerpt a batch shows what is left when its readers would take batches apart themselves.
 */
final class ChronicleLogBench implements LogBenchEngine {
    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private final Bytes<?> payload;
    private final int batchSize;
    private final boolean excerptPerBatch;
    private final int recordBytes;
    private volatile long appendedCount;
    private long payloadSum;

    ChronicleLogBench(LogBenchOptions options, boolean excerptPerBatch, Path directory) {
        this.excerptPerBatch = excerptPerBatch;
        batchSize = options.batch();
        recordBytes = options.recordBytes();
        int length = excerptPerBatch ? batchSize * recordBytes : recordBytes;
        payload = Bytes.wrapForRead(new byte[length]);
        queue = SingleChronicleQueueBuilder.single(directory.toFile()).build();
        appender = queue.createAppender();
    }

    @Override
    public String label() {
        return excerptPerBatch ? "chronicle-queue, one excerpt a batch" : "chronicle-queue";
    }

    @Override
    public String durability() {
        return AckLevel.MEMORY.name();
    }

    @Override
    public boolean append() {
        int excerpts = excerptPerBatch ? 1 : batchSize;
        for (int i = 0; i < excerpts; i++) {
            appender.writeBytes(payload);
        }
        publish(appendedCount + batchSize);
        return true;
    }

    private void publish(long count) {
        appendedCount = count;
    }

    @Override
    public long appendedCount() {
        return appendedCount;
    }

    @Override
    public long acknowledgedCount() {
        return appendedCount;
    }

    @Override
    public int doWork(long nowNs) {
        return 0;
    }

    @Override
    public long read(long recordsMax) {
        long recordsPerExcerpt = excerptPerBatch ? batchSize : 1;
        long count = 0;
        try (ExcerptTailer tailer = queue.createTailer()) {
            while (count < recordsMax) {
                try (DocumentContext document = tailer.readingDocument()) {
                    Bytes<?> bytes = document.isPresent() ? document.wire().bytes() : null;
                    if (bytes == null) {
                        break;
                    }
                    for (int i = 0; i < recordsPerExcerpt; i++) {
                        payloadSum += bytes.readLong(bytes.readPosition() + (long) i * recordBytes);
                    }
                    count += recordsPerExcerpt;
                }
            }
        }
        return count;
    }

    /** What the payloads added up to: keeps reading from being optimised away. */
    long payloadSum() {
        return payloadSum;
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
    }
}
