package io.hailstorm.log;

import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Batches of one partition that came before the ones they follow, bounded: what does not fit is sent again. The log's thread. */
final class GeoEarlyBatches {
    static final int BATCHES_MAX = 512;
    static final int BYTES_MAX = 2 << 20;

    private final TreeMap<Long, byte[]> byOffset = new TreeMap<>();
    private final UnsafeBuffer view = new UnsafeBuffer(0, 0);
    private int bytes;

    /** @return false when there is no room */
    boolean keep(long baseOffset, DirectBuffer message, int index, int length) {
        if (byOffset.size() >= BATCHES_MAX || bytes + length > BYTES_MAX) {
            return false;
        }
        byte[] copy = new byte[length];
        message.getBytes(index, copy);
        byte[] before = byOffset.put(baseOffset, copy);
        bytes += length - (before == null ? 0 : before.length);
        return true;
    }

    boolean isEmpty() {
        return byOffset.isEmpty();
    }

    /** Appends what follows the partition's end now; forgets what is there already. */
    int appendTo(GeoPartition partition, CopiedBatch batch) {
        int appended = 0;
        while (!byOffset.isEmpty() && byOffset.firstKey() <= partition.endOffset()) {
            byte[] first = byOffset.firstEntry().getValue();
            if (byOffset.firstKey() == partition.endOffset()) {
                view.wrap(first);
                if (partition.appendCopy(batch.decode(view, 0, first.length)) < 0) {
                    break;
                }
                appended++;
            }
            byOffset.pollFirstEntry();
            bytes -= first.length;
        }
        return appended;
    }

    void clear() {
        byOffset.clear();
        bytes = 0;
    }
}
