package io.hailstorm.kernel;

import java.nio.ByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A whole file in memory. Writing to {@link #buffer} is writing the file; it survives a crash of the machine after
 * {@link #force}, and a crash of the process at once.
 */
public interface MappedFile extends AutoCloseable {
    int lengthBytes();

    UnsafeBuffer buffer();

    /** The same bytes, direct, with a position and limit of its own: a view for one thread. Allocates. */
    ByteBuffer duplicate();

    /**
     * Makes a range durable.
     *
     * @throws HailstormException {@code UNAVAILABLE}: the range is in an unknown state, and forcing it again proves
     *     nothing, since the operating system may have marked the lost pages clean. The only sound answer is to stop.
     */
    void force(int offset, int lengthBytes);

    /**
     * Has a range written by the next {@link #force} even where nothing of it changed. A force that failed may have marked pages
     * clean that never reached the disk, and a process that starts on the same page cache cannot tell which. One thread, and
     * nobody else writes there.
     */
    default void writeAgain(int offset, int lengthBytes) {
        for (int at = offset & -Disk.PAGE_BYTES; at < offset + lengthBytes; at += Disk.PAGE_BYTES) {
            buffer().getAndAddInt(at, 0); // a store that no compiler leaves out
        }
    }

    /**
     * Makes a range of whole pages ready to be written without changing it, so that the thread that writes there does not
     * wait for the operating system. May do nothing. One thread at a time, beside
     * a writer.
     */
    default void prepareWrites(int offset, int lengthBytes) {}

    /** Unmaps. No thread may touch the buffer afterwards. */
    @Override
    void close();
}
