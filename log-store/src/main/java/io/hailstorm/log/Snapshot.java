package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;
import java.util.List;

/**
 * A reader's state together with everything it must know to go on from it: one unit, stored as one.
 *
 * @param generation of the member that took it
 * @param inputs the next record to fold, of every input
 * @param outputs the number of the next record to write, of every output
 * @param payload the state
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never changed, never compared
public record Snapshot(long generation, List<Position> inputs, List<Position> outputs, byte[] payload) {
    public Snapshot {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** A place in a partition of a stream. */
    public record Position(StreamName stream, int partition, long next) {}

    /** Where to go on reading; {@link PartitionReader#NULL_OFFSET} for what is no input. */
    public long input(StreamName stream, int partition) {
        for (Position position : inputs) {
            if (position.stream() == stream && position.partition() == partition) {
                return position.next();
            }
        }
        return PartitionReader.NULL_OFFSET;
    }
}
