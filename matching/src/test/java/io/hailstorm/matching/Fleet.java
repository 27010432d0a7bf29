package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverId;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.OfferId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;
import io.hailstorm.matching.TripCommand.AnswerOffer;
import io.hailstorm.matching.TripCommand.CancelTrip;
import io.hailstorm.matching.TripCommand.ReportProgress;
import io.hailstorm.matching.TripCommand.RequestTrip;
import io.hailstorm.matching.TripState.Kind;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/** A matcher with its surroundings: tells fixes and commands, writes down everything that was emitted. */
final class Fleet implements MatcherOutput {
    /** The beginning of a quarter of an hour. */
    static final long START_MS = 1_700_000_100_000L;

    static final GeoPoint MARKET = GeoPoint.ofDegrees(37.7749, -122.4194);
    static final Cells CELLS = Cells.create();

    /** One line of the trips stream: a command or what was emitted. */
    record Line(long eventId, Object content, long causationId, long timeMs) {}

    final List<Line> log = new ArrayList<>();
    final List<RoundCompleted> rounds = new ArrayList<>();
    final MatchingConfig config;
    final Matcher matcher;
    long nowMs = START_MS;

    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);
    private long lastEventId;
    private long lastSeq;

    Fleet() {
        this(MatchingConfig.defaults(), "batch");
    }

    Fleet(MatchingConfig config, String policy) {
        this(config, policy, PickupRule.everywhere());
        matcher.finishRecovery(nowMs);
    }

    /** Still recovering. */
    Fleet(MatchingConfig config, String policy, PickupRule pickupRule) {
        this.config = config;
        this.matcher = new Matcher(config, MatchingPolicy.of(policy, config), CELLS, pickupRule, this);
    }

    @Override
    public void emit(TripEvent event, long causationId, String correlationId, long timeMs) {
        log.add(new Line(++lastEventId, event, causationId, timeMs));
    }

    @Override
    public void roundCompleted(RoundCompleted round, long timeMs) {
        rounds.add(round);
        log.add(new Line(++lastEventId, round, Matcher.NO_CAUSE, timeMs));
    }

    /** A fix some metres east of the market. */
    FixView fixOf(long driver, int eastMeters, DriverState state) {
        return fixAt(driver, east(eastMeters), state);
    }

    FixView fixAt(long driver, GeoPoint point, DriverState state) {
        return fix.driver(driver)
                .session(1)
                .seq(++lastSeq)
                .de(1)
                .deviceMs(nowMs)
                .ingestDelayMs(0)
                .position(point.latE7(), point.lonE7())
                .cell(CELLS.cellOf(point.latE7(), point.lonE7(), Cells.DRIVER_RESOLUTION))
                .state(state.code())
                .flags(0)
                .speedCmPerS(FixDescriptor.UNKNOWN_U16)
                .headingCentidegrees(FixDescriptor.UNKNOWN_U16);
    }

    static GeoPoint east(int meters) {
        return new GeoPoint(MARKET.latE7(), MARKET.lonE7() + (int) Math.round(meters * 113.7));
    }

    void drive(long driver, int eastMeters, DriverState state) {
        matcher.onFix(fixOf(driver, eastMeters, state));
    }

    void idle(long driver, int eastMeters) {
        drive(driver, eastMeters, DriverState.IDLE);
    }

    static TripId tripOf(long number) {
        return new TripId(CELLS.cellOf(MARKET.latE7(), MARKET.lonE7(), Cells.ROUTING_RESOLUTION), number);
    }

    /** The outcome of a command. */
    TripEvent command(TripCommand command) {
        long id = ++lastEventId;
        log.add(new Line(id, command, Matcher.NO_CAUSE, nowMs));
        matcher.onCommand(command, id, nowMs);
        List<Line> outcomes =
                log.stream().filter(line -> line.causationId() == id).toList();
        if (outcomes.size() != 1) {
            throw new AssertionError("expected one outcome of " + command + ", got " + outcomes);
        }
        return (TripEvent) outcomes.getFirst().content();
    }

    TripEvent request(long trip) {
        return request(trip, MARKET);
    }

    TripEvent request(long trip, GeoPoint pickup) {
        return command(requestOf(trip, pickup));
    }

    static RequestTrip requestOf(long trip, GeoPoint pickup) {
        return new RequestTrip(
                tripOf(trip), new RiderId(trip), "r" + trip, "q" + trip, pickup, east(5000), 1500, 1, 1000, 100);
    }

    TripEvent cancel(long trip) {
        return command(new CancelTrip(tripOf(trip), CancelReason.BY_RIDER, new RiderId(trip)));
    }

    TripEvent answer(long trip, boolean accepted) {
        TripState.Offered offered = (TripState.Offered) trip(trip).state();
        return command(new AnswerOffer(tripOf(trip), offered.offer(), offered.driver(), accepted));
    }

    TripEvent answer(long trip, long offer, long driver, boolean accepted) {
        return command(new AnswerOffer(tripOf(trip), new OfferId(offer), new DriverId(driver), accepted));
    }

    TripEvent report(long trip, long driver, TripCommand.Step step) {
        return command(new ReportProgress(tripOf(trip), new DriverId(driver), step));
    }

    void tick() {
        matcher.onTick(nowMs);
    }

    void tickAfter(long ms) {
        nowMs += ms;
        tick();
    }

    Trip trip(long trip) {
        return matcher.trip(tripOf(trip)).orElseThrow();
    }

    Kind kind(long trip) {
        return trip(trip).kind();
    }

    long driverOf(long trip) {
        return trip(trip).engagedDriver().orElseThrow().value();
    }

    /** A matcher that read this log again up to a line. */
    Fleet recoveredFrom(int lineCount) {
        Fleet other = new Fleet(config, "batch", PickupRule.everywhere());
        for (Line line : log.subList(0, lineCount)) {
            switch (line.content()) {
                case TripCommand command -> other.matcher.recoverCommand(command, line.eventId(), line.timeMs());
                case TripEvent event -> other.matcher.replay(event, line.causationId(), line.timeMs());
                case RoundCompleted round -> other.matcher.replayRound(round, line.timeMs());
                default -> throw new AssertionError(line);
            }
        }
        other.lastEventId = lastEventId;
        other.nowMs = nowMs;
        return other;
    }

    /** Drives a trip into a state, with driver 7 where it has one. */
    void bring(long trip, Kind wanted) {
        idle(7, 300);
        request(trip);
        if (wanted == Kind.MATCHING) {
            return;
        }
        if (wanted == Kind.EXPIRED) {
            drive(7, 300, DriverState.OFFLINE);
            tickAfter(config.saga().tripExpiryMs());
            return;
        }
        if (wanted == Kind.CANCELLED) {
            cancel(trip);
            return;
        }
        tick();
        if (wanted == Kind.OFFERED) {
            return;
        }
        answer(trip, true);
        List<Kind> states = List.of(Kind.ARRIVED, Kind.STARTED, Kind.COMPLETED);
        List<TripCommand.Step> steps =
                List.of(TripCommand.Step.ARRIVE, TripCommand.Step.START, TripCommand.Step.COMPLETE);
        for (int i = 0; i <= states.indexOf(wanted); i++) {
            report(trip, 7, steps.get(i));
        }
    }
}
