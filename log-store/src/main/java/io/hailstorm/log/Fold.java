package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import org.agrona.DirectBuffer;

/**
 * A reader with state and outputs, run by a {@link FoldRunner}. Must be deterministic: state and outputs follow from the
 * records alone, in order; no clock, no randomness, nothing read elsewhere. Time is the record's {@code hlc}.
 */
public interface Fold {
    /** Where outputs go. Valid during {@link #onRecord}. */
    interface Outputs {
        /** Emits a record, copying it. Any number for an input, none included, to any partitions. */
        void emit(StreamName stream, int partition, int type, DirectBuffer buffer, int index, int length);
    }

    /** Takes one input record. */
    void onRecord(long offset, long hlc, int type, DirectBuffer buffer, int index, int length, Outputs outputs);

    /** The whole state. */
    byte[] snapshot();

    /** Makes the state what {@link #snapshot} gave. Called at most once, before any record. */
    void restore(byte[] snapshot);
}
