package io.hailstorm.node;

import io.hailstorm.kernel.RecordType;
import io.hailstorm.log.PartitionReader;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The events of several partitions of a stream as one sequence by hybrid logical time: cause before effect, wherever each
 * was written. For recovery and audits; reads ahead a bounded number of records a partition.
 */
final class MergedEvents {
    private static final int READ_AHEAD = 1024;

    /** Receives the events in order, each as its bytes. */
    interface Handler {
        void onEvent(PartitionReader partition, long offset, long hlc, DirectBuffer bytes);
    }

    private record Entry(long hlc, long offset, UnsafeBuffer bytes) {}

    private static final class Source {
        private final PartitionReader reader;
        private final long endOffset;
        private final ArrayDeque<Entry> ahead = new ArrayDeque<>();
        private long nextOffset;

        Source(PartitionReader reader, long endOffset) {
            this.reader = reader;
            this.endOffset = endOffset;
            this.nextOffset = reader.startOffset();
        }

        boolean fill() {
            while (ahead.isEmpty() && nextOffset < endOffset) {
                nextOffset = reader.read(
                        nextOffset,
                        (int) Math.min(READ_AHEAD, endOffset - nextOffset),
                        (offset, hlc, type, buffer, index, length) -> {
                            if (type == RecordType.EVENT) {
                                UnsafeBuffer bytes = new UnsafeBuffer(new byte[length]);
                                bytes.putBytes(0, buffer, index, length);
                                ahead.add(new Entry(hlc, offset, bytes));
                            }
                            return true;
                        });
            }
            return !ahead.isEmpty();
        }
    }

    private MergedEvents() {}

    /** Feeds everything below the given offsets, one a reader. */
    static void forEach(List<? extends PartitionReader> readers, long[] endOffsets, Handler handler) {
        List<Source> sources = new ArrayList<>();
        for (int i = 0; i < endOffsets.length; i++) {
            sources.add(new Source(readers.get(i), endOffsets[i]));
        }
        while (true) {
            Source first = null;
            for (Source source : sources) {
                if (source.fill()
                        && (first == null
                                || source.ahead.getFirst().hlc()
                                        < first.ahead.getFirst().hlc())) {
                    first = source;
                }
            }
            if (first == null) {
                return;
            }
            Entry entry = first.ahead.removeFirst();
            handler.onEvent(first.reader, entry.offset(), entry.hlc(), entry.bytes());
        }
    }
}
