package io.hailstorm.node;

/**
 * Layout of a clock file, by which the processes of one run share simulated time.
 *
 * <pre>
 *   0        8        16             64        72          128
 *   +--------+--------+--------+-----+---------+-----------+---------+----
 *   | magic  | epochMs| asked  | ... | turns 0 | settled 0 | turns 1 | ...
 *   +--------+--------+--------+-----+---------+-----------+---------+----
 * </pre>
 *
 * All little-endian longs, written and read as volatile. One process writes {@code epochMs}, and {@code asked}: how often it asked
 * the nodes to settle. Node <i>i</i> alone writes its count of turns, and which time of asking it has settled after, on a cache line
 * of its own.
 */
final class ClockFileDescriptor {
    static final long MAGIC = 0x4853_434c_4f43_4b31L; // HSCLOCK1
    static final int MAGIC_OFFSET = 0;
    static final int EPOCH_MS_OFFSET = 8;
    static final int ASKED_OFFSET = 16;
    static final int NODES_MAX = 63;
    static final int LENGTH = 4096;

    private static final int TURNS_OFFSET = 64;
    private static final int TURNS_STRIDE = 64;

    private ClockFileDescriptor() {}

    static int settledOffset(int node) {
        return turnsOffset(node) + Long.BYTES;
    }

    static int turnsOffset(int node) {
        return TURNS_OFFSET + node * TURNS_STRIDE;
    }
}
