package io.hailstorm.log;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What the segments of a partition share to be decoded with: the keys, and a decoder for whoever reads. Any thread. */
final class PartitionCodec {
    final LogKeyset keyset;

    /** Whether batches whose key is lost are passed over, once their checksum was seen to match. */
    private volatile boolean checksOnly;

    private final AtomicReference<@Nullable BatchDecoder> spare = new AtomicReference<>();

    PartitionCodec(LogKeyset keyset) {
        this.keyset = keyset;
    }

    void checksOnly() {
        checksOnly = true;
    }

    boolean passesOver(Segment segment) {
        return checksOnly && !keyset.holds(segment.buffer.getInt(SegmentDescriptor.KEY_ID_OFFSET));
    }

    /** The spare decoder, or another one while that is in use. */
    BatchDecoder take() {
        BatchDecoder taken = spare.getAndSet(null);
        return taken == null ? new BatchDecoder() : taken;
    }

    void giveBack(BatchDecoder decoder) {
        if (!spare.compareAndSet(null, decoder)) {
            decoder.close();
        }
    }

    void close() {
        BatchDecoder last = spare.getAndSet(null);
        if (last != null) {
            last.close();
        }
    }
}
