package io.hailstorm.ops;

import io.hailstorm.protocol.v1.RoundCompleted;
import java.util.ArrayDeque;
import java.util.List;

/** The last {@link #ROUND_MAX} rounds of matching. One thread at a time. */
final class RoundLog {
    static final int ROUND_MAX = 200;

    private final ArrayDeque<Round> rounds = new ArrayDeque<>();

    record Round(
            long round, long timeMs, int riderCount, int driverCount, int edgeCount, int offerCount, String policy) {}

    void add(RoundCompleted event, long timeMs) {
        if (rounds.size() == ROUND_MAX) {
            rounds.removeFirst();
        }
        rounds.addLast(new Round(
                event.getRound(),
                timeMs,
                event.getRiderCount(),
                event.getDriverCount(),
                event.getEdgeCount(),
                event.getOfferCount(),
                event.getPolicy()));
    }

    /** Oldest first. */
    List<Round> rounds() {
        return List.copyOf(rounds);
    }
}
