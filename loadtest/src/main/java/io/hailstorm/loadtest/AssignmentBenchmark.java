package io.hailstorm.loadtest;

import io.hailstorm.geo.Cells;
import io.hailstorm.geo.City;
import io.hailstorm.kernel.CounterRandom;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixDescriptor;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;
import io.hailstorm.matching.Matcher;
import io.hailstorm.matching.MatcherOutput;
import io.hailstorm.matching.MatchingConfig;
import io.hailstorm.matching.MatchingPolicy;
import io.hailstorm.matching.PickupRule;
import io.hailstorm.matching.RoundCompleted;
import io.hailstorm.matching.TripCommand.RequestTrip;
import io.hailstorm.matching.TripEvent;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One round of matching in a fresh region: candidates, costs, assignment, offers. Riders and drivers gather at the
 * city's hot spots; 1,000 drivers are idle.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 15)
@Measurement(iterations = 15)
public class AssignmentBenchmark {
    private static final long SEED = 11;
    private static final int DRIVER_COUNT = 1_000;
    private static final long NOW_MS = 1_700_000_000_000L;
    private static final double METERS_PER_E7 = 0.0111195;

    @Param({"batch", "greedy", "fcfs"})
    private String policy = "batch";

    @Param({"100", "1000"})
    private int riderCount = 100;

    private final Cells cells = Cells.create();
    private final City city = City.sf();
    private final FixView fix = new FixView().wrap(new UnsafeBuffer(new byte[FixDescriptor.LENGTH]), 0);
    private final MatcherOutput ignored = new MatcherOutput() {
        @Override
        public void emit(TripEvent event, long causationId, String correlationId, long timeMs) {}

        @Override
        public void roundCompleted(RoundCompleted round, long timeMs) {}
    };

    @SuppressWarnings("NullAway.Init") // set up before any benchmark runs
    private Matcher matcher;

    @Setup(Level.Invocation)
    public void gather() {
        MatchingConfig config = MatchingConfig.defaults();
        matcher = new Matcher(config, MatchingPolicy.of(policy, config), cells, PickupRule.everywhere(), ignored);
        matcher.finishRecovery(NOW_MS - 10_000);
        for (int driver = 1; driver <= DRIVER_COUNT; driver++) {
            GeoPoint at = place(driver, 0);
            fix.driver(driver)
                    .session(1)
                    .seq(1)
                    .deviceMs(NOW_MS - 1_000)
                    .cell(cells.cellOf(at.latE7(), at.lonE7(), Cells.DRIVER_RESOLUTION))
                    .position(at.latE7(), at.lonE7())
                    .de(1)
                    .state(DriverState.IDLE.code());
            matcher.onFix(fix);
        }
        for (int rider = 1; rider <= riderCount; rider++) {
            matcher.onCommand(request(rider), rider, NOW_MS - 1_000);
        }
    }

    @Benchmark
    public int round() {
        return matcher.onTick(NOW_MS);
    }

    private RequestTrip request(int rider) {
        GeoPoint pickup = place(rider, 10);
        long homeCell = cells.parent(
                cells.cellOf(pickup.latE7(), pickup.lonE7(), Cells.DRIVER_RESOLUTION), Cells.ROUTING_RESOLUTION);
        RiderId id = new RiderId(rider);
        return new RequestTrip(
                TripId.of(homeCell, id, "r"), id, "r", "quote-" + rider, pickup, place(rider, 20), 1_500, 1, 1_000, 0);
    }

    private GeoPoint place(int entity, int stream) {
        var spots = city.hotSpots();
        var spot = spots.get(CounterRandom.below(spots.size(), SEED, entity, 0, stream));
        double lat = spot.sigmaMeters() * CounterRandom.gaussian(SEED, entity, 0, stream + 1) / METERS_PER_E7;
        double lon = spot.sigmaMeters() * CounterRandom.gaussian(SEED, entity, 0, stream + 2) / METERS_PER_E7 / 0.79;
        return new GeoPoint(spot.center().latE7() + (int) lat, spot.center().lonE7() + (int) lon);
    }
}
