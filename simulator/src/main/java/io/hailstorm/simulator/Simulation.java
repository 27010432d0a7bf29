package io.hailstorm.simulator;

import io.grpc.Channel;
import io.hailstorm.kernel.TimeSource;
import java.util.List;
import java.util.Optional;

/**
 * A fleet and its riders, as clients of the real API. Driven, never driving: the owner calls {@link #step} with the
 * simulated time, on one thread; responses are queued by whatever thread gRPC brings them on, and taken up by the next
 * step. Over in-process channels with direct executors everything happens inside {@code step}, and a run depends only on
 * the configuration and the sequence of times handed in.
 *
 * <pre>
 *   Simulation simulation = Simulation.create(config, channels, tokens, time, Optional.empty(), startMs);
 *   while (nowMs &lt; endMs) { if (simulation.canAdvance()) { nowMs += 100; } simulation.step(nowMs); }
 *   simulation.finish(nowMs);
 *   while (!simulation.isFinished()) { nowMs += 100; simulation.step(nowMs); }
 *   SimulationReport report = simulation.report();
 *   simulation.close();
 * </pre>
 */
public interface Simulation extends AutoCloseable {
    /** After {@link #finish}, how long, in simulated time, phones may take to get their last acknowledgements. */
    long DRAIN_MAX_MS = 60_000;

    /**
     * A simulation against one server that begins at {@code startMs}.
     *
     * @param channels phones are spread over them; at least one
     * @param time only {@code monotonicNs} is read, to measure latencies
     * @param ledgerFile where acknowledgements are appended as they are seen, flushed once a step
     */
    static Simulation create(
            SimulationConfig config,
            List<? extends Channel> channels,
            TokenSource tokens,
            TimeSource time,
            Optional<LedgerFile.Writer> ledgerFile,
            long startMs) {
        return create(config, Endpoints.single(channels), tokens, time, ledgerFile, startMs);
    }

    /** A simulation against several servers: its clients go where they are sent, and elsewhere when one fails. */
    static Simulation create(
            SimulationConfig config,
            Endpoints endpoints,
            TokenSource tokens,
            TimeSource time,
            Optional<LedgerFile.Writer> ledgerFile,
            long startMs) {
        return create(config, endpoints, tokens, time, ledgerFile, startMs, new Pauses(time));
    }

    /** The same, with pauses measured by a clock of their own: that of the run, where it is not the wall's. */
    static Simulation create(
            SimulationConfig config,
            Endpoints endpoints,
            TokenSource tokens,
            TimeSource time,
            Optional<LedgerFile.Writer> ledgerFile,
            long startMs,
            Pauses pauses) {
        return new SimulationEngine(config, endpoints, tokens, time, ledgerFile, startMs, pauses);
    }

    /**
     * Takes up what arrived, then does everything due up to {@code nowMs}. Time never goes back; the same time may be
     * handed in again.
     *
     * @return how much was done; 0 means idle
     */
    int step(long nowMs);

    /**
     * Whether simulated time may move on without outrunning the server: the fixes, calls and ages in flight are within the
     * configuration's bounds. An owner that runs as fast as it can asks before each advance, so that nothing is late for
     * want of pacing; one that follows a clock need not.
     */
    boolean canAdvance();

    /** Nothing more will come of the recorded input: every row was handed to its phone, every recorded trip was asked for. */
    boolean isInputExhausted();

    /** Stops demand and new fixes; what is buffered is still sent. */
    void finish(long nowMs);

    /** After {@link #finish}: everything is acknowledged, or {@link #DRAIN_MAX_MS} has passed. */
    boolean isFinished();

    SimulationReport report();

    /** The last reason the server, or the way to it, gave for refusing a stream or a call; for the operator. */
    Optional<String> lastFailure();

    SimulationProgress progress();

    /** How long phones waited for acknowledgements. Owned by the stepping thread. */
    Pauses pauses();

    /** The clients' own record of what the server promised. Owned by the stepping thread. */
    ClientLedger ledger();

    /** A hash of where every vehicle is and what it does; equal runs have equal ones at equal times. */
    long fleetDigest();

    /** Ends every stream. */
    @Override
    void close();
}
