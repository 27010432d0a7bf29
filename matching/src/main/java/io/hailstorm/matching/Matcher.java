package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.Invariants;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.TripId;
import io.hailstorm.matching.TripCommand.AnswerOffer;
import io.hailstorm.matching.TripCommand.CancelTrip;
import io.hailstorm.matching.TripCommand.ReportProgress;
import io.hailstorm.matching.TripCommand.RequestTrip;
import io.hailstorm.matching.TripEvent.CommandRefused;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Matching of one region: feed it durable records in log order and the time, and write down what it says. One thread.
 *
 * <p>The order of life: {@link #onFix}, {@link #recoverCommand}, {@link #replay}, {@link #replayRound} while
 * recovering; {@link #finishRecovery} once, also for an empty log; then {@link #onFix}, {@link #onCommand} and
 * {@link #onTick}. What it emits it has already applied: do not feed it back. The {@code trips} of all partitions are
 * recovered merged in the order of their hybrid logical clock, because a driver may serve trips of several; fixes and
 * trips may interleave in any way.
 */
public final class Matcher {
    /** Causation of an event that no command caused. */
    public static final long NO_CAUSE = 0;

    /** How often engaged drivers are checked for silence. */
    private static final long SILENCE_CHECK_MS = 1_000;

    private record Pending(TripCommand command, long eventId, long timeMs) {
        static final Comparator<Pending> BY_TIME_THEN_EVENT =
                Comparator.comparingLong(Pending::timeMs).thenComparingLong(Pending::eventId);
    }

    private final MatchingConfig config;
    private final MatchingPolicy policy;
    private final PickupRule pickupRule;
    private final MatcherOutput output;
    private final DriverIndex drivers;
    private final EtaEstimator etas;
    private final TripBook book;
    private final TripRules rules;
    private final CandidateGenerator candidates;
    private final RoundProblem problem = new RoundProblem();
    private final List<Trip> riders = new ArrayList<>();
    private final Map<Long, Pending> pending = new HashMap<>();
    private int[] edgeOfRider = new int[64];

    private boolean recovering = true;
    private long recoveredMs = Long.MIN_VALUE;
    private long nowMs = Long.MIN_VALUE;
    private long silenceCheckedMs;
    private long roundMs;
    private long round;
    private int emittedCount;
    private long approximateRoundCount;
    private long orphanEventCount;

    public Matcher(
            MatchingConfig config, MatchingPolicy policy, Cells cells, PickupRule pickupRule, MatcherOutput output) {
        this.config = config;
        this.policy = policy;
        this.pickupRule = pickupRule;
        this.output = output;
        drivers = new DriverIndex(config.bounds().driverCountMax(), cells);
        etas = new EtaEstimator(config.eta(), cells);
        book = new TripBook(config, drivers);
        rules = new TripRules(config.saga());
        candidates = new CandidateGenerator(config, cells, drivers, etas);
    }

    /** Folds in one durable fix. Steady state: no allocation. */
    public void onFix(FixView fix) {
        int slot = drivers.slotOf(fix.driver());
        if (slot == DriverIndex.NULL_SLOT) {
            if (drivers.onFix(fix) >= 0 && book.isEngaged(fix.driver())) {
                drivers.engage(fix.driver());
            }
            return;
        }
        byte stateBefore = drivers.state(slot);
        int latE7Before = drivers.latE7(slot);
        int lonE7Before = drivers.lonE7(slot);
        long deviceMsBefore = drivers.deviceMs(slot);
        if (drivers.onFix(fix) >= 0) {
            etas.learn(stateBefore, latE7Before, lonE7Before, deviceMsBefore, fix);
        }
    }

    /**
     * Decides on one durable command: exactly one emitted event names {@code eventId} as its cause.
     *
     * @param timeMs when the command was written; an answer before its deadline counts even if read after it
     */
    public void onCommand(TripCommand command, long eventId, long timeMs) {
        Invariants.require(!recovering, "commands are decided after finishRecovery");
        advance(timeMs);
        List<TripEvent> events = decide(command, timeMs);
        for (int i = 0; i < events.size(); i++) {
            boolean outcome = i == events.size() - 1;
            if (outcome
                    && command instanceof RequestTrip request
                    && events.get(i) instanceof TripEvent.MatchingStarted) {
                book.open(request, nowMs);
            }
            emit(events.get(i), outcome ? eventId : NO_CAUSE);
        }
    }

    private List<TripEvent> decide(TripCommand command, long timeMs) {
        if (command instanceof RequestTrip request) {
            return List.of(decideRequest(request));
        }
        Optional<Trip> found = book.find(command.trip());
        if (found.isEmpty()) {
            String reason =
                    book.kindOf(command.trip()).map(kind -> "trip is " + kind).orElse("unknown trip");
            return List.of(new CommandRefused(command.trip(), reason));
        }
        Trip trip = found.get();
        return switch (command) {
            case CancelTrip cancel -> rules.onCancel(trip, cancel, timeMs);
            case AnswerOffer answer -> rules.onAnswer(trip, answer, timeMs);
            case ReportProgress progress -> rules.onProgress(trip, progress, timeMs);
            case RequestTrip request -> List.of(decideRequest(request));
        };
    }

    private TripEvent decideRequest(RequestTrip request) {
        Optional<TripState.Kind> known = book.kindOf(request.trip());
        if (known.isPresent()) {
            return new CommandRefused(request.trip(), "duplicate: trip is " + known.get());
        }
        int openMax = config.bounds().openTripCountMax();
        if (book.open().size() >= openMax) {
            return new CommandRefused(request.trip(), "resource exhausted: open trips at their bound of " + openMax);
        }
        if (!pickupRule.pickupAllowed(request.pickup())) {
            return new CommandRefused(request.trip(), "pickup not allowed here: " + request.pickup());
        }
        return new TripEvent.MatchingStarted(request.trip());
    }

    /**
     * Lets time pass: offers and waits run out, lost drivers are noticed, a round is held when one is due.
     *
     * @return how many events and rounds were emitted
     */
    public int onTick(long tickMs) {
        Invariants.require(!recovering, "time passes after finishRecovery");
        advance(tickMs);
        int before = emittedCount;
        runDeadlines();
        if (nowMs - silenceCheckedMs >= SILENCE_CHECK_MS) {
            silenceCheckedMs = nowMs;
            checkEngagedDrivers();
        }
        if (!book.waiting().isEmpty() && drivers.availableCount() > 0 && nowMs - roundMs >= roundIntervalMs()) {
            holdRound();
        }
        book.forgetEnded(nowMs);
        return emittedCount - before;
    }

    private void runDeadlines() {
        for (Optional<TripBook.Deadline> next = book.pollDeadline(nowMs);
                next.isPresent();
                next = book.pollDeadline(nowMs)) {
            TripBook.Deadline deadline = next.get();
            book.find(deadline.trip()).ifPresent(trip -> runOut(trip, deadline));
        }
    }

    private void runOut(Trip trip, TripBook.Deadline deadline) {
        if (trip.state() instanceof TripState.Offered offered && offered.offer().value() == deadline.offer()) {
            emit(TripRules.offerEnded(trip, offered, TripEvent.OfferEndCause.TIMED_OUT), NO_CAUSE);
        } else if (trip.state() instanceof TripState.Matching
                && nowMs - trip.matchingSinceMs() >= config.saga().tripExpiryMs()) {
            emit(new TripEvent.TripExpired(trip.id()), NO_CAUSE);
        }
    }

    private void checkEngagedDrivers() {
        for (Trip trip : List.copyOf(book.engaged())) {
            long driver = trip.engagedDriver().orElseThrow().value();
            int slot = drivers.slotOf(driver);
            if (trip.state() instanceof TripState.Offered offered) {
                if (slot != DriverIndex.NULL_SLOT && drivers.state(slot) == DriverState.OFFLINE.code()) {
                    emit(TripRules.offerEnded(trip, offered, TripEvent.OfferEndCause.DRIVER_GONE), NO_CAUSE);
                }
                continue;
            }
            long heardMs = slot == DriverIndex.NULL_SLOT ? Long.MIN_VALUE : drivers.activeMs(slot);
            // While this node was down nobody could be heard, so silence counts from its return.
            long sinceMs = Math.max(Math.max(heardMs, trip.stateSinceMs()), recoveredMs);
            if (nowMs - sinceMs > rules.silenceMsMax(trip)) {
                emit(rules.withoutDriver(trip, CancelReason.DRIVER_LOST), NO_CAUSE);
            }
        }
    }

    private long roundIntervalMs() {
        MatchingConfig.Rounds rounds = config.rounds();
        long wantedMs = rounds.intervalMsPerWaitingPerIdle() * book.waiting().size() / drivers.availableCount();
        return Math.clamp(wantedMs, rounds.intervalMsMin(), rounds.intervalMsMax());
    }

    private void holdRound() {
        roundMs = nowMs;
        round++;
        riders.clear();
        riders.addAll(book.waiting());
        candidates.build(problem, riders, nowMs);
        if (edgeOfRider.length < riders.size()) {
            edgeOfRider = new int[2 * riders.size()];
        }
        if (!policy.choose(problem, edgeOfRider)) {
            approximateRoundCount++;
        }
        int offerCount = 0;
        for (int r = 0; r < riders.size(); r++) {
            int edge = edgeOfRider[r];
            if (edge != RoundProblem.NO_EDGE) {
                offerCount++;
                emit(offer(riders.get(r), edge), NO_CAUSE);
            }
        }
        emittedCount++;
        output.roundCompleted(
                new RoundCompleted(
                        round,
                        problem.riderCount,
                        problem.driverCount,
                        problem.edgeCount,
                        offerCount,
                        problem.costMs(edgeOfRider),
                        policy.name()),
                nowMs);
    }

    private TripEvent offer(Trip trip, int edge) {
        return new TripEvent.OfferMade(
                trip.id(),
                new OfferId(book.nextOffer()),
                new DriverId(problem.driverId[problem.edgeDriver[edge]]),
                nowMs + config.saga().offerDeadlineMs(),
                problem.edgeEtaMs[edge],
                trip.pickup(),
                trip.dropoff(),
                trip.fareMinorUnits(),
                round);
    }

    private void emit(TripEvent event, long causationId) {
        boolean applied = book.apply(event, nowMs);
        Invariants.require(applied, "an event was emitted for a trip that is not open");
        emittedCount++;
        String correlationId = book.find(event.trip())
                .map(Trip::quote)
                .orElseGet(() -> event.trip().toString());
        output.emit(event, causationId, correlationId, nowMs);
    }

    private void advance(long timeMs) {
        nowMs = Math.max(nowMs, timeMs);
    }

    /** Recovery: a command found in the log; it stays pending until an event names it as its cause. */
    public void recoverCommand(TripCommand command, long eventId, long timeMs) {
        Invariants.require(recovering, "recovery is over");
        pending.put(eventId, new Pending(command, eventId, timeMs));
    }

    /** Recovery: an event found in the log. */
    public void replay(TripEvent event, long causationId, long timeMs) {
        Invariants.require(recovering, "recovery is over");
        advance(timeMs);
        Pending cause = pending.remove(causationId);
        if (event instanceof TripEvent.MatchingStarted
                && cause != null
                && cause.command() instanceof RequestTrip request
                && book.kindOf(event.trip()).isEmpty()) {
            book.open(request, timeMs);
        }
        if (!book.apply(event, timeMs)) {
            orphanEventCount++;
        }
    }

    /** Recovery: a round found in the log. */
    public void replayRound(RoundCompleted completed, long timeMs) {
        Invariants.require(recovering, "recovery is over");
        advance(timeMs);
        round = Math.max(round, completed.round());
        roundMs = Math.max(roundMs, timeMs);
    }

    /** Ends recovery: commands still pending are decided now, in the order of their time. */
    public void finishRecovery(long finishMs) {
        Invariants.require(recovering, "recovery is over");
        recovering = false;
        advance(finishMs);
        recoveredMs = finishMs;
        List<Pending> left =
                pending.values().stream().sorted(Pending.BY_TIME_THEN_EVENT).toList();
        pending.clear();
        for (Pending command : left) {
            onCommand(command.command(), command.eventId(), command.timeMs());
        }
    }

    /** A trip that is open or ended lately. */
    public Optional<Trip> trip(TripId trip) {
        return book.find(trip);
    }

    /** Open trips in the order of their ids. */
    public void forEachOpenTrip(Consumer<Trip> consumer) {
        book.open().forEach(consumer);
    }

    /** Trips in a state: open ones now, ended ones since the start of the fold. */
    public long tripCount(TripState.Kind kind) {
        return book.count(kind);
    }

    /** Trips waiting for a round. */
    public int waitingCount() {
        return book.waiting().size();
    }

    public int openTripCount() {
        return book.open().size();
    }

    /** Drivers that say they are idle, and hold no offer and no trip. */
    public int idleDriverCount() {
        return drivers.availableCount();
    }

    public DriverIndex drivers() {
        return drivers;
    }

    public EtaEstimator etas() {
        return etas;
    }

    /** Rounds that ran out of operations, or held a component too large, and are not proven optimal. */
    public long approximateRoundCount() {
        return approximateRoundCount;
    }

    /** Recovered events of trips whose request was not in the log any more. */
    public long orphanEventCount() {
        return orphanEventCount;
    }

    /** Hash of every open trip, the offers' and the rounds' numbering: equal for equal state. Cold. */
    public long digest() {
        return CounterRandom.mix(book.digest() ^ round);
    }
}
