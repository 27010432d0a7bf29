package io.hailstorm.simulator;

import io.hailstorm.geo.City;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What to simulate. Three modes follow from what is given: neither file is a synthetic city; {@code fixes} alone is an
 * open loop (every recorded vehicle streams its fixes); {@code trips} is recorded demand for a closed loop whose fleet is
 * {@code vehicles} simulated ones, or the recorded vehicles when {@code fixes} is given as well.
 *
 * @param vehicles size of the simulated fleet; ignored when the fleet is the recorded one
 * @param seed names the run: same seed, configuration and steps, same requests
 * @param realism applied to simulated vehicles; recorded fixes that are streamed as they are get none
 * @param tripsPerVehicleHour synthetic demand at a demand factor of 1
 * @param firstDriverId driver ids of simulated vehicles count up from here
 * @param firstRiderId rider ids count up from here
 * @param firstSession lower bound of session numbers; 0 takes the time of the app's start. A run in virtual time against
 *     a server that may know the drivers from an earlier run hands in the wall clock
 * @param maxInFlightFixes bound of fixes sent but not answered, over all phones; see {@link Simulation#canAdvance}
 * @param maxOutstandingCalls bound of riders' calls without an answer
 * @param maxInFlightAgeMs bound of the age, in simulated time, of the oldest unanswered fix
 * @param fixIntervalMs between two fixes of a simulated vehicle that drives, at least; a quarter more at most, and two and a
 *     half times as long when it stands
 */
public record SimulationConfig(
        City city,
        int vehicles,
        long seed,
        Realism realism,
        double tripsPerVehicleHour,
        Optional<RecordedFixes> fixes,
        Optional<RecordedTrips> trips,
        ServiceArea serviceArea,
        long firstDriverId,
        long firstRiderId,
        long firstSession,
        int maxInFlightFixes,
        int maxOutstandingCalls,
        long maxInFlightAgeMs,
        int fixIntervalMs) {

    /** 1000 vehicles in a synthetic city, realism on. */
    public static SimulationConfig of(City city) {
        return new SimulationConfig(
                city,
                1_000,
                1,
                Realism.on(),
                1.6,
                Optional.empty(),
                Optional.empty(),
                ServiceArea.EVERYWHERE,
                1,
                1_000_000_000L,
                0,
                20_000,
                64,
                2_000,
                4_000);
    }

    /** Recorded fixes are streamed as they are, without demand. */
    public boolean isOpenLoop() {
        return fixes.isPresent() && trips.isEmpty();
    }

    public SimulationConfig withVehicles(int value) {
        return with(copy -> copy.vehicles = value);
    }

    public SimulationConfig withSeed(long value) {
        return with(copy -> copy.seed = value);
    }

    public SimulationConfig withRealism(Realism value) {
        return with(copy -> copy.realism = value);
    }

    public SimulationConfig withTripsPerVehicleHour(double value) {
        return with(copy -> copy.tripsPerVehicleHour = value);
    }

    public SimulationConfig withFixes(RecordedFixes value) {
        return with(copy -> copy.fixes = Optional.of(value));
    }

    public SimulationConfig withTrips(RecordedTrips value) {
        return with(copy -> copy.trips = Optional.of(value));
    }

    public SimulationConfig withServiceArea(ServiceArea value) {
        return with(copy -> copy.serviceArea = value);
    }

    public SimulationConfig withFirstSession(long value) {
        return with(copy -> copy.firstSession = value);
    }

    public SimulationConfig withMaxInFlightAgeMs(long value) {
        return with(copy -> copy.maxInFlightAgeMs = value);
    }

    public SimulationConfig withFixIntervalMs(int value) {
        return with(copy -> copy.fixIntervalMs = value);
    }

    private SimulationConfig with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return copy.frozen();
    }

    /** The components, to be changed. */
    private static final class Copy {
        private final City city;
        private int vehicles;
        private long seed;
        private Realism realism;
        private double tripsPerVehicleHour;
        private Optional<RecordedFixes> fixes;
        private Optional<RecordedTrips> trips;
        private ServiceArea serviceArea;
        private final long firstDriverId;
        private final long firstRiderId;
        private long firstSession;
        private final int maxInFlightFixes;
        private final int maxOutstandingCalls;
        private long maxInFlightAgeMs;
        private int fixIntervalMs;

        Copy(SimulationConfig of) {
            city = of.city;
            vehicles = of.vehicles;
            seed = of.seed;
            realism = of.realism;
            tripsPerVehicleHour = of.tripsPerVehicleHour;
            fixes = of.fixes;
            trips = of.trips;
            serviceArea = of.serviceArea;
            firstDriverId = of.firstDriverId;
            firstRiderId = of.firstRiderId;
            firstSession = of.firstSession;
            maxInFlightFixes = of.maxInFlightFixes;
            maxOutstandingCalls = of.maxOutstandingCalls;
            maxInFlightAgeMs = of.maxInFlightAgeMs;
            fixIntervalMs = of.fixIntervalMs;
        }

        SimulationConfig frozen() {
            return new SimulationConfig(
                    city,
                    vehicles,
                    seed,
                    realism,
                    tripsPerVehicleHour,
                    fixes,
                    trips,
                    serviceArea,
                    firstDriverId,
                    firstRiderId,
                    firstSession,
                    maxInFlightFixes,
                    maxOutstandingCalls,
                    maxInFlightAgeMs,
                    fixIntervalMs);
        }
    }
}
