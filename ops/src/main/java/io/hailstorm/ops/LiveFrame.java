package io.hailstorm.ops;

/**
 * One picture, shared by all clients; the bytes are never written to again.
 *
 * @see LiveFrameDescriptor
 */
final class LiveFrame {
    private final long version;
    private final byte[] picture;
    private final byte[] heartbeat;

    /** @param version grows when the picture changes */
    LiveFrame(long version, byte[] picture, byte[] heartbeat) {
        this.version = version;
        this.picture = picture;
        this.heartbeat = heartbeat;
    }

    long version() {
        return version;
    }

    byte[] picture() {
        return picture;
    }

    byte[] heartbeat() {
        return heartbeat;
    }
}
