package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;

/** What a stream's poison records mean for the records after them. */
enum DeadLetterPolicy {
    /** Later records are read as if the poison one had never been. */
    INDEPENDENT,
    /** Later commands about the same thing wait behind it, as dead letters, and are replayed after it, in order. */
    ORDERED_BY_KEY,
    /** A record that cannot be read stops the node: nothing after it means what it says. */
    STOPS_THE_NODE;

    static DeadLetterPolicy of(StreamName stream) {
        return switch (stream) {
            case TRIPS -> ORDERED_BY_KEY;
            case FIXES, LATE, PRICES -> INDEPENDENT;
            case CONTROL, DEAD_LETTERS -> STOPS_THE_NODE;
        };
    }
}
