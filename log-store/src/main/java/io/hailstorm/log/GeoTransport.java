package io.hailstorm.log;

import org.agrona.DirectBuffer;

/**
 * Carries messages between the members of a geo log, and to the witness. Messages may be lost, doubled, reordered and
 * delayed, but not changed. Used by one thread, the one that runs {@link Log#doWork} or {@link GeoWitness#doWork}.
 */
public interface GeoTransport {
    /**
     * Sends a message, or hands it to whoever will; the bytes are the caller's again when this returns.
     *
     * @param toMember a region's name, or the witness's
     * @return false: dropped. It is sent again later by whoever needs it
     */
    boolean send(String toMember, DirectBuffer message, int index, int length);

    /** Hands on messages that came, at most so many; how many it were. Never waits. */
    int poll(Receiver receiver, int maxMessages);

    /** The longest message that can be sent; at least {@link GeoLogConfig#MESSAGE_BYTES_MIN}. */
    int maxMessageBytes();

    /** Takes messages; the bytes are its own only until it returns. */
    interface Receiver {
        void onMessage(String fromMember, DirectBuffer buffer, int index, int length);
    }
}
