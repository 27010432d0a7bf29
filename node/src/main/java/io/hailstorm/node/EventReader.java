package io.hailstorm.node;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.Event;
import org.agrona.DirectBuffer;

/**
 * The one way a node reads the event in a record. What a newer writer added is tolerated: fields it does not know are
 * kept and passed over, and a payload of a type it does not know makes an event that {@link #isUnknown}, which every fold
 * passes over. An event of an older schema version is upcast. Stateless.
 */
final class EventReader {
    private EventReader() {}

    /**
     * @throws HailstormException {@code DATA_LOSS} for bytes that are no event, which is poison; {@code
     *     FAILED_PRECONDITION} for one of a newer schema version, which is not: a newer Hailstorm reads it
     */
    static Event read(DirectBuffer buffer, int index, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(index, bytes);
        try {
            return Upcasters.toCurrent(Event.parseFrom(bytes));
        } catch (InvalidProtocolBufferException e) {
            throw new HailstormException(ErrorCode.DATA_LOSS, "unreadable event of " + length + " bytes", e);
        }
    }

    /** Whether its payload is of a type that this version does not know, or missing. */
    static boolean isUnknown(Event event) {
        return event.getPayloadCase() == Event.PayloadCase.PAYLOAD_NOT_SET;
    }
}
