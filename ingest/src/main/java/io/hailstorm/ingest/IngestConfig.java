package io.hailstorm.ingest;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;

/**
 * Every bound of the edge, with defaults in {@link #defaults}. Change single ones by the {@code with…} methods.
 *
 * @param host address to listen on
 * @param port TCP port; 0 picks a free one
 * @param eventLoopCount Netty threads
 * @param maxConnections calls on connections beyond it are refused with RESOURCE_EXHAUSTED
 * @param maxStreamsPerConnection HTTP/2 streams a connection
 * @param maxMessageBytes a larger message is refused with RESOURCE_EXHAUSTED
 * @param keepAliveTimeMs silence after which a connection is probed
 * @param keepAliveTimeoutMs silence after a probe that ends a connection
 * @param maxConnectionAgeMs age at which a connection is told to reconnect; 0 never
 * @param maxDriverStreams open driver streams
 * @param maxSessions drivers remembered
 * @param ringBytes buffer between the edge and the region agent, a power of two
 * @param commandQueueCapacity riders' calls waiting for the region agent
 * @param maxInFlightFixes fixes of one stream not yet acknowledged at which the edge stops reading it
 * @param outboundCapacity offers and updates waiting for a slow client; one more ends its stream
 * @param maxOpenTrips trips not ended; a request beyond is refused with RESOURCE_EXHAUSTED
 * @param maxEndedTrips ended trips whose state can still be asked for
 * @param maxWatchers open WatchTrip and WatchPrices streams each
 * @param latenessMs fixes older than this go to the {@code late} stream
 * @param maxClockAheadMs fixes further ahead than this are rejected
 * @param reorderMs longest wait for a missing number
 * @param reorderCapacity most fixes held for a missing number
 * @param rateLimited whether the two limits below hold
 * @param driverBatchesPerSecond sustained rate a driver
 * @param driverBatchBurst batches a driver may send at once
 * @param riderCallsPerSecond sustained rate a rider
 * @param riderCallBurst calls a rider may make at once
 */
public record IngestConfig(
        String host,
        int port,
        int eventLoopCount,
        int maxConnections,
        int maxStreamsPerConnection,
        int maxMessageBytes,
        long keepAliveTimeMs,
        long keepAliveTimeoutMs,
        long maxConnectionAgeMs,
        int maxDriverStreams,
        int maxSessions,
        int ringBytes,
        int commandQueueCapacity,
        int maxInFlightFixes,
        int outboundCapacity,
        int maxOpenTrips,
        int maxEndedTrips,
        int maxWatchers,
        long latenessMs,
        long maxClockAheadMs,
        long reorderMs,
        int reorderCapacity,
        boolean rateLimited,
        int driverBatchesPerSecond,
        int driverBatchBurst,
        int riderCallsPerSecond,
        int riderCallBurst) {
    public static final int DEFAULT_PORT = 7100;

    public IngestConfig {
        check(port >= 0 && port <= 65_535, "port", port, "0..65535");
        check(eventLoopCount > 0, "eventLoopCount", eventLoopCount, "at least 1");
        check(
                Integer.bitCount(ringBytes) == 1 && ringBytes >= 1 << 16,
                "ringBytes",
                ringBytes,
                "a power of two ≥ 65536");
        check(
                maxInFlightFixes >= 1 && maxInFlightFixes < SeqWindow.SIZE,
                "maxInFlightFixes",
                maxInFlightFixes,
                "1.." + (SeqWindow.SIZE - 1));
        check(reorderCapacity > 0 && reorderCapacity < SeqWindow.SIZE, "reorderCapacity", reorderCapacity, "1..1023");
        check(commandQueueCapacity > 1, "commandQueueCapacity", commandQueueCapacity, "at least 2");
        check(driverBatchesPerSecond > 0, "driverBatchesPerSecond", driverBatchesPerSecond, "at least 1");
        check(riderCallsPerSecond > 0, "riderCallsPerSecond", riderCallsPerSecond, "at least 1");
    }

    private static void check(boolean condition, String name, int value, String expected) {
        if (!condition) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, name + ": expected " + expected + ", got " + value);
        }
    }

    /** What a node on few cores wants. */
    public static IngestConfig defaults() {
        return new IngestConfig(
                "0.0.0.0",
                DEFAULT_PORT,
                1,
                10_000,
                100_000,
                1 << 20,
                60_000,
                20_000,
                0,
                1 << 20,
                4 << 20,
                8 << 20,
                8_192,
                512,
                64,
                1 << 20,
                1 << 16,
                100_000,
                300_000,
                10_000,
                2_000,
                64,
                true,
                100,
                500,
                20,
                100);
    }

    public IngestConfig withPort(String newHost, int newPort) {
        return copy(newHost, newPort, eventLoopCount, maxConnections, ringBytes, maxInFlightFixes, rateLimited);
    }

    public IngestConfig withEventLoopCount(int count) {
        return copy(host, port, count, maxConnections, ringBytes, maxInFlightFixes, rateLimited);
    }

    public IngestConfig withMaxConnections(int count) {
        return copy(host, port, eventLoopCount, count, ringBytes, maxInFlightFixes, rateLimited);
    }

    public IngestConfig withRingBytes(int bytes) {
        return copy(host, port, eventLoopCount, maxConnections, bytes, maxInFlightFixes, rateLimited);
    }

    public IngestConfig withMaxInFlightFixes(int count) {
        return copy(host, port, eventLoopCount, maxConnections, ringBytes, count, rateLimited);
    }

    /** For closed deployments and benchmarks, where the caller limits itself. */
    public IngestConfig withoutRateLimits() {
        return copy(host, port, eventLoopCount, maxConnections, ringBytes, maxInFlightFixes, false);
    }

    private IngestConfig copy(
            String newHost,
            int newPort,
            int newEventLoopCount,
            int newMaxConnections,
            int newRingBytes,
            int newMaxInFlightFixes,
            boolean newRateLimited) {
        return new IngestConfig(
                newHost,
                newPort,
                newEventLoopCount,
                newMaxConnections,
                maxStreamsPerConnection,
                maxMessageBytes,
                keepAliveTimeMs,
                keepAliveTimeoutMs,
                maxConnectionAgeMs,
                maxDriverStreams,
                maxSessions,
                newRingBytes,
                commandQueueCapacity,
                newMaxInFlightFixes,
                outboundCapacity,
                maxOpenTrips,
                maxEndedTrips,
                maxWatchers,
                latenessMs,
                maxClockAheadMs,
                reorderMs,
                reorderCapacity,
                newRateLimited,
                driverBatchesPerSecond,
                driverBatchBurst,
                riderCallsPerSecond,
                riderCallBurst);
    }
}
