package io.hailstorm.node;

import io.hailstorm.geo.City;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.node.Converters.DurationConverter;
import io.hailstorm.simulator.LedgerFile;
import io.hailstorm.simulator.Realism;
import io.hailstorm.simulator.RecordedFixes;
import io.hailstorm.simulator.RecordedTrips;
import io.hailstorm.simulator.SimulationConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags {@code demo} and {@code simulate} share: who drives, who rides, and for how long. */
final class SimulationOptions {
    @Option(names = "--vehicles", paramLabel = "N", defaultValue = "1000", description = "simulated vehicles (1000)")
    int vehicles;

    @Option(
            names = "--fix-interval",
            paramLabel = "D",
            defaultValue = "4s",
            converter = DurationConverter.class,
            description = "between two fixes of a simulated vehicle that drives (4s); a quarter more at most")
    Duration fixInterval = Duration.ofSeconds(4);

    @Option(
            names = "--fix-batch",
            paramLabel = "N",
            defaultValue = "10",
            description = "fixes a message of a simulated phone holds at most (10); most hold few")
    int fixBatch = 10;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "names the run (1)")
    long seed;

    @Option(
            names = "--duration",
            paramLabel = "D",
            converter = DurationConverter.class,
            description = "wall time, such as 60s")
    @Nullable
    Duration duration;

    @Option(
            names = "--virtual-duration",
            paramLabel = "D",
            converter = DurationConverter.class,
            description = "simulated time, such as 2h")
    @Nullable
    Duration virtualDuration;

    @Option(names = "--fixes", paramLabel = "FILE", description = "recorded fixes, CSV or gzip")
    @Nullable
    Path fixes;

    @Option(names = "--trips", paramLabel = "FILE", description = "recorded trips, CSV or gzip")
    @Nullable
    Path trips;

    @Option(names = "--from", paramLabel = "ISO", description = "use recorded rows from this instant on")
    @Nullable
    String from;

    @Option(names = "--until", paramLabel = "ISO", description = "use recorded rows before this instant")
    @Nullable
    String until;

    @Option(names = "--ledger", paramLabel = "FILE", description = "append what was acknowledged, as it is seen")
    @Nullable
    Path ledger;

    @Option(names = "--json", description = "the run report as one JSON object on stdout")
    boolean json;

    /** Recorded input as asked for, read and reported on. */
    record Recorded(Optional<RecordedFixes> fixes, Optional<RecordedTrips> trips) {
        /** When the recorded part begins; empty without recorded input. */
        Optional<Long> startMs() {
            long fixesMs = fixes.map(RecordedFixes::startMs).orElse(Long.MAX_VALUE);
            long tripsMs = trips.map(RecordedTrips::startMs).orElse(Long.MAX_VALUE);
            long startMs = Math.min(fixesMs, tripsMs);
            return startMs == Long.MAX_VALUE ? Optional.empty() : Optional.of(startMs);
        }

        /** The same input, moved so that it begins then. */
        Recorded startingAt(long epochMs) {
            long deltaMs = epochMs - startMs().orElse(epochMs);
            return new Recorded(fixes.map(rows -> rows.shiftedBy(deltaMs)), trips.map(rows -> rows.shiftedBy(deltaMs)));
        }
    }

    void check() {
        if (vehicles < 1 || vehicles > 5_000_000) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--vehicles: expected 1 to 5000000, got " + vehicles);
        }
        if (fixInterval.toMillis() < 10 || fixInterval.toMillis() > 3_600_000) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "--fix-interval: expected 10ms to 1h, got " + fixInterval.toMillis() + "ms");
        }
        if (fixBatch < 1 || fixBatch > 100) {
            throw new HailstormException(ErrorCode.INVALID_ARGUMENT, "--fix-batch: expected 1 to 100, got " + fixBatch);
        }
        for (Path file : new Path[] {fixes, trips}) {
            if (file != null && !Files.isReadable(file)) {
                throw new HailstormException(ErrorCode.NOT_FOUND, "cannot read " + file + ": no such readable file");
            }
        }
    }

    Recorded recorded(City city, Consumer<String> messages) {
        Optional<Instant> fromInstant =
                Optional.ofNullable(from).map(text -> Converters.instant("--from", text, city.timeZone()));
        Optional<Instant> untilInstant =
                Optional.ofNullable(until).map(text -> Converters.instant("--until", text, city.timeZone()));
        if (fromInstant.isPresent()
                && untilInstant.isPresent()
                && !fromInstant.get().isBefore(untilInstant.get())) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "--from " + from + " is not before --until " + until);
        }
        try {
            return new Recorded(
                    Optional.ofNullable(fixes)
                            .map(file -> RecordedFixes.read(file, fromInstant, untilInstant, messages)),
                    Optional.ofNullable(trips)
                            .map(file -> RecordedTrips.read(file, fromInstant, untilInstant, messages)));
        } catch (HailstormException e) {
            // The command was right, the file is not: a failure, not a matter of usage.
            throw new HailstormException(ErrorCode.FAILED_PRECONDITION, String.valueOf(e.getMessage()), e);
        }
    }

    SimulationConfig config(City city, Recorded recorded) {
        SimulationConfig config = SimulationConfig.of(city)
                .withVehicles(vehicles)
                .withSeed(seed)
                .withFixIntervalMs((int) fixInterval.toMillis())
                .withRealism(Realism.on().withBatchMax(fixBatch));
        if (recorded.fixes().isPresent()) {
            config = config.withFixes(recorded.fixes().get());
        }
        if (recorded.trips().isPresent()) {
            config = config.withTrips(recorded.trips().get());
        }
        return config;
    }

    Optional<LedgerFile.Writer> ledgerWriter() {
        return Optional.ofNullable(ledger).map(LedgerFile.Writer::append);
    }

    /** Whether the run ends by itself. */
    boolean isBounded() {
        return duration != null || virtualDuration != null || fixes != null || trips != null;
    }

    SimulationRun.Limits limits() {
        return new SimulationRun.Limits(Optional.ofNullable(duration), Optional.ofNullable(virtualDuration));
    }
}
