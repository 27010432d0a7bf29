package io.hailstorm.matching;

/**
 * Where a {@link Matcher} puts what it decided. Called during {@link Matcher#onCommand}, {@link Matcher#onTick} and
 * {@link Matcher#finishRecovery}, in the order in which the events must be written; the matcher has already applied
 * them. An implementation must not call back into the matcher.
 */
public interface MatcherOutput {
    /**
     * An event to append to the {@code trips} stream, in the partition of {@code event.trip()}'s home cell.
     *
     * @param causationId the command this is the outcome of; {@link Matcher#NO_CAUSE} when time or a round caused it
     * @param correlationId the same for everything one rider's request set off: its quote, or the trip's text form when
     *     the trip is unknown
     * @param timeMs the time that deciding this used; the event's {@code time_ms}, handed back on replay
     */
    void emit(TripEvent event, long causationId, String correlationId, long timeMs);

    /** A round to append to the {@code trips} stream, after the offers it made. */
    void roundCompleted(RoundCompleted round, long timeMs);
}
