package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.TripId;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Matching of one region: feed it durable records in log order and the time, and write down what it says. One thread.
 *
 * <p>The order of life: {@link #onFix}, {@link #recoverCommand}, {@link #replay}, {@link #replayRound} while
 * recovering, in log order within each stream and partition; {@link #finishRecovery} once, also for an empty log; then
 * {@link #onFix}, {@link #onCommand} and {@link #onTick}. What it emits it has already applied: do not feed it back.
 */
public final class Matcher {
    /** Causation of an event that no command caused. */
    public static final long NO_CAUSE = 0;

    private final DriverIndex drivers;
    private final EtaEstimator etas;

    public Matcher(
            MatchingConfig config, MatchingPolicy policy, Cells cells, PickupRule pickupRule, MatcherOutput output) {
        drivers = new DriverIndex(config.bounds().driverCountMax(), cells);
        etas = new EtaEstimator(config.eta(), cells);
    }

    /** Folds in one durable fix. Steady state: no allocation. */
    public void onFix(FixView fix) {}

    /** Decides on one durable command: exactly one emitted event names {@code eventId} as its cause. */
    public void onCommand(TripCommand command, long eventId, long timeMs) {}

    /**
     * Lets time pass: offers and waits run out, lost drivers are noticed, a round is held when one is due.
     *
     * @return how many events and rounds were emitted
     */
    public int onTick(long nowMs) {
        return 0;
    }

    /** Recovery: a command found in the log; it stays pending until an event names it as its cause. */
    public void recoverCommand(TripCommand command, long eventId, long timeMs) {}

    /** Recovery: an event found in the log. */
    public void replay(TripEvent event, long causationId, long timeMs) {}

    /** Recovery: a round found in the log. */
    public void replayRound(RoundCompleted round, long timeMs) {}

    /** Ends recovery: commands still pending are decided now, in the order of their time. */
    public void finishRecovery(long nowMs) {}

    /** A trip that is open or ended lately. */
    public Optional<Trip> trip(TripId trip) {
        return Optional.empty();
    }

    /** Open trips in the order of their ids. */
    public void forEachOpenTrip(Consumer<Trip> consumer) {}

    /** Trips in a state: open ones now, ended ones since the start of the fold. */
    public long tripCount(TripState.Kind kind) {
        return 0;
    }

    /** Trips waiting for a round. */
    public int waitingCount() {
        return 0;
    }

    public int openTripCount() {
        return 0;
    }

    /** Drivers that say they are idle, hold no offer and no trip. */
    public int idleDriverCount() {
        return 0;
    }

    public DriverIndex drivers() {
        return drivers;
    }

    public EtaEstimator etas() {
        return etas;
    }

    /** Hash of every open trip and engagement: equal for equal state. Cold. */
    public long digest() {
        return 0;
    }

    /** Rounds that ran out of operations, or held a component too large, and were not proven optimal. */
    public long approximateRoundCount() {
        return 0;
    }
}
