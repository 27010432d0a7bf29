package io.hailstorm.log;

import java.util.Arrays;

/**
 * What a primary knows of one other member as a copy of its partitions, and how it ships to it: the next batch of each
 * partition as long as a window is open, again from the last confirmation when nothing is confirmed for a while. The log's
 * thread.
 */
final class GeoPeer {
    final String member;
    final int index;
    /** When anything of the current term came from it. */
    long heardNs;
    /** The newest beat it answered, by this member's clock. */
    long echoNs;
    /** Whether its log is a prefix of the primary's, and {@link #next} goes on where it ends. */
    boolean aligned;

    final long[] confirmed;
    private final long[] next;
    private final long[] waitingBytes;
    private final long[] progressNs;
    private final CopiedBatch batch = new CopiedBatch();
    private long resentCount;

    /** Sends a batch's message. */
    interface Sender {
        boolean send(GeoPeer to, int slot, CopiedBatch batch);
    }

    GeoPeer(String member, int index, int slotCount) {
        this.member = member;
        this.index = index;
        confirmed = new long[slotCount];
        next = new long[slotCount];
        waitingBytes = new long[slotCount];
        progressNs = new long[slotCount];
    }

    /** A term begins: what was confirmed in an earlier one does not count. */
    void begin(long nowNs) {
        heardNs = nowNs;
        echoNs = Long.MIN_VALUE / 2;
        aligned = false;
        Arrays.fill(confirmed, 0);
    }

    void onConfirm(long[] ends, long sentNs, long nowNs, GeoPartition[] slots) {
        heardNs = nowNs;
        echoNs = Math.max(echoNs, sentNs);
        for (int slot = 0; slot < confirmed.length; slot++) {
            long end = Math.min(ends[slot], slots[slot].endOffset());
            if (end > confirmed[slot]) {
                long sent = next[slot] - confirmed[slot];
                waitingBytes[slot] = sent <= 0 ? 0 : waitingBytes[slot] * Math.max(0, next[slot] - end) / sent;
                confirmed[slot] = end;
                progressNs[slot] = nowNs;
            }
            if (!aligned) {
                next[slot] = end;
                waitingBytes[slot] = 0;
                progressNs[slot] = nowNs;
            }
        }
        aligned = true;
    }

    /** Ships what there is room for; how many batches. */
    int ship(GeoPartition[] slots, boolean durableOnly, int windowBytes, long resendNs, long nowNs, Sender sender) {
        int shipped = 0;
        for (int slot = 0; aligned && slot < slots.length; slot++) {
            EmbeddedPartition records = slots[slot].records();
            long limit = durableOnly ? records.syncedOffset() : records.endOffset();
            if (next[slot] > confirmed[slot] && nowNs - progressNs[slot] > resendNs) {
                next[slot] = confirmed[slot];
                waitingBytes[slot] = 0;
                progressNs[slot] = nowNs;
                resentCount++;
            }
            if (next[slot] >= limit || next[slot] < records.startOffset()) {
                continue;
            }
            if (next[slot] == confirmed[slot]) {
                progressNs[slot] = nowNs;
            }
            shipped += ship(records.chain(), slot, limit, windowBytes, sender);
        }
        return shipped;
    }

    private int ship(SegmentChain chain, int slot, long limit, int windowBytes, Sender sender) {
        int[] count = {0};
        next[slot] = chain.walk(next[slot], limit, new BatchVisitor() {
            @Override
            public boolean onBatch(Segment segment, int at, int length, BatchChecker checker) {
                if (waitingBytes[slot] >= windowBytes) {
                    return false;
                }
                PartitionCodec codec = segment.codec();
                BatchDecoder decoder = codec.take();
                try {
                    return took(batch.wrap(segment, at, length, checker, decoder));
                } finally {
                    codec.giveBack(decoder);
                }
            }

            @Override
            public boolean onHole(long fromOffset, long toOffset) {
                return took(batch.wrapHole(fromOffset, toOffset));
            }

            private boolean took(CopiedBatch each) {
                if (!sender.send(GeoPeer.this, slot, each)) {
                    return false;
                }
                waitingBytes[slot] += each.encodedBytes();
                count[0]++;
                return true;
            }
        });
        return count[0];
    }

    long resentCount() {
        return resentCount;
    }

    /** Whether it is at most so many records behind everywhere. */
    boolean isWithin(GeoPartition[] slots, long recordsMax) {
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot].endOffset() - confirmed[slot] > recordsMax) {
                return false;
            }
        }
        return aligned;
    }
}
