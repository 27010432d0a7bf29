package io.hailstorm.node;

import io.hailstorm.log.GeoTransport;

/** A region's way to the others: the port the log needs, and what the node around it wants to know. */
interface RegionNetwork extends GeoTransport, AutoCloseable {
    /** What to run when a frame has come, on another thread; quick. */
    void onArrival(Runnable wake);

    /** Whether a peer can be reached, as far as is known; any thread. */
    boolean isUp(String peer);

    /** Frames dropped at a bound or for want of a way; any thread. */
    long droppedCount();

    /** After the log. */
    @Override
    void close();
}
