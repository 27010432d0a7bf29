package io.hailstorm.node;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.simulator.Pauses;
import io.hailstorm.simulator.Simulation;
import io.hailstorm.simulator.SimulationProgress;
import java.io.Console;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Drives a simulation to its end: by wall time, by simulated time, at the end of the recorded input, on Ctrl-C, or when
 * the node fails. Then lets the phones drain.
 */
final class SimulationRun {
    private static final long PROGRESS_NS_TERMINAL = 1_000_000_000L;
    private static final long PROGRESS_NS_PLAIN = 10_000_000_000L;
    private static final long HOOK_WAIT_S = 120;
    /** Throughput is measured after so much of the run … */
    private static final long WARM_UP_NS = 10_000_000_000L;
    /** … or after this share of a shorter one. */
    private static final long WARM_UP_SHARE = 4;

    private static final long DRAIN_NS_MAX = 30_000_000_000L;

    /** What ends a run; both empty runs until the input is exhausted or the user stops it. */
    record Limits(Optional<Duration> wall, Optional<Duration> virtual) {}

    /** How long it took. */
    record Elapsed(double virtualSeconds, double wallSeconds) {}

    private final Simulation simulation;
    private final TimeSource wall;
    private final PrintWriter err;
    private final boolean isTerminal = isTerminal();
    private final CountDownLatch reported = new CountDownLatch(1);
    private volatile boolean interrupted;
    private long lastProgressNs;

    SimulationRun(Simulation simulation, TimeSource wall, PrintWriter err) {
        this.simulation = simulation;
        this.wall = wall;
        this.err = err;
    }

    @SuppressWarnings("SystemConsoleNull") // documented as nullable all the same
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal() && System.getenv("NO_COLOR") == null;
    }

    /** From here on Ctrl-C ends the run instead of the process, until {@link #reported}. */
    SimulationRun catchInterrupt() {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            interrupted = true;
            try {
                boolean done = reported.await(HOOK_WAIT_S, TimeUnit.SECONDS);
                if (!done) {
                    err.println("hailstorm: the run did not end in time; its report is lost");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        return this;
    }

    /** The report is out; a pending Ctrl-C may end the process now. */
    void reported() {
        reported.countDown();
    }

    /** Runs to the end. {@code advance} moves time and steps the simulation once. */
    Elapsed run(TimeSource time, Limits limits, Runnable advance, BooleanSupplier isHealthy) {
        long startNs = wall.monotonicNs();
        long startMs = time.epochMs();
        long wallLimitNs = limits.wall().map(Duration::toNanos).orElse(Long.MAX_VALUE);
        long virtualLimitMs = limits.virtual().map(Duration::toMillis).orElse(Long.MAX_VALUE);
        lastProgressNs = startNs;
        Pauses pauses = simulation.pauses();
        long steadyNs = pauses.nowNs() + warmUpNs(limits);
        while (!interrupted
                && isHealthy.getAsBoolean()
                && wall.monotonicNs() - startNs < wallLimitNs
                && time.epochMs() - startMs < virtualLimitMs
                && !simulation.isInputExhausted()) {
            advance.run();
            if (pauses.nowNs() >= steadyNs) {
                pauses.steady();
            }
            progress(time, startMs);
        }
        long endMs = time.epochMs();
        simulation.finish(endMs);
        // Simulated time may stand still here, when a node acknowledges nothing any more; the wall's does not.
        long drainByNs = wall.monotonicNs() + DRAIN_NS_MAX;
        while (!simulation.isFinished() && isHealthy.getAsBoolean() && wall.monotonicNs() < drainByNs) {
            advance.run();
            progress(time, startMs);
        }
        if (!simulation.isFinished()) {
            simulation
                    .lastFailure()
                    .ifPresentOrElse(
                            failure -> err.println("not everything was acknowledged: " + failure),
                            () -> err.println("not everything was acknowledged within " + DRAIN_NS_MAX / 1_000_000_000L
                                    + " s of the end; see the node's messages above"));
        }
        if (isTerminal) {
            err.println();
        }
        return new Elapsed((endMs - startMs) / 1e3, (wall.monotonicNs() - startNs) / 1e9);
    }

    private static long warmUpNs(Limits limits) {
        long longestNs = Math.min(
                limits.wall().map(Duration::toNanos).orElse(Long.MAX_VALUE),
                limits.virtual().map(Duration::toNanos).orElse(Long.MAX_VALUE));
        return Math.min(WARM_UP_NS, longestNs / WARM_UP_SHARE);
    }

    private void progress(TimeSource time, long startMs) {
        long nowNs = wall.monotonicNs();
        if (nowNs - lastProgressNs < (isTerminal ? PROGRESS_NS_TERMINAL : PROGRESS_NS_PLAIN)) {
            return;
        }
        lastProgressNs = nowNs;
        SimulationProgress now = simulation.progress();
        String line = String.format(
                Locale.ROOT,
                "%s  +%,ds  %,d online  %,.0f fixes/s  %,d fixes  %,d trips open, %,d done",
                Instant.ofEpochMilli(time.epochMs()).truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
                (time.epochMs() - startMs) / 1_000,
                now.online(),
                now.fixesPerSecond(),
                now.fixesAnswered(),
                now.openTrips(),
                now.tripsCompleted());
        if (isTerminal) {
            err.print("\r\u001b[K" + line);
            err.flush();
        } else {
            err.println(line);
        }
    }
}
