package io.hailstorm.ingest;

import io.hailstorm.protocol.v1.FixRejection;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the edge counts. The per-fix counters have one writer, the agent's thread, and cost a plain addition; the
 * others count rare things from any thread.
 */
final class IngestMetrics {
    private final MeterRegistry registry;
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong duplicate = new AtomicLong();
    private final AtomicLong late = new AtomicLong();
    private final AtomicLong[] rejected = new AtomicLong[FixRejection.SEQ_OUT_OF_WINDOW_VALUE + 1];
    private final AtomicLong logBackPressure = new AtomicLong();
    private final AtomicInteger driverStreams = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger watchers = new AtomicInteger();
    private final Counter ringFull;
    private final Counter inFlightFull;
    private final Counter slowClient;
    private final Counter sentAway;

    IngestMetrics(MeterRegistry registry) {
        this.registry = registry;
        fixCounter("accepted", accepted);
        fixCounter("duplicate", duplicate);
        fixCounter("late", late);
        for (int reason = 1; reason < rejected.length; reason++) {
            AtomicLong counter = new AtomicLong();
            rejected[reason] = counter;
            FunctionCounter.builder("hailstorm.ingest.rejections", counter, AtomicLong::get)
                    .description("fixes rejected, by reason")
                    .tag("reason", reasonText(reason))
                    .register(registry);
        }
        rejected[0] = new AtomicLong();
        FunctionCounter.builder("hailstorm.ingest.log.backpressure", logBackPressure, AtomicLong::get)
                .description("appends the log asked to repeat later")
                .register(registry);
        gauge("hailstorm.ingest.streams", "open driver streams", driverStreams);
        gauge("hailstorm.ingest.connections", "open connections", connections);
        gauge("hailstorm.ingest.watchers", "open WatchTrip and WatchPrices streams", watchers);
        ringFull = backPressure("ring");
        inFlightFull = backPressure("in_flight");
        slowClient = shed("slow_client");
        sentAway = Counter.builder("hailstorm.ingest.sent.away")
                .description("streams whose phone was told that another node serves it")
                .register(registry);
    }

    private void fixCounter(String outcome, AtomicLong counter) {
        FunctionCounter.builder("hailstorm.ingest.fixes", counter, AtomicLong::get)
                .description("fixes taken, by outcome")
                .tag("outcome", outcome)
                .register(registry);
    }

    private void gauge(String name, String description, AtomicInteger value) {
        Gauge.builder(name, value, AtomicInteger::get).description(description).register(registry);
    }

    private Counter backPressure(String cause) {
        return Counter.builder("hailstorm.ingest.backpressure")
                .description("times a stream was not read for a while, by cause")
                .tag("cause", cause)
                .register(registry);
    }

    /** Registers gauges over the agent's buffers. */
    void watch(EdgeRing ring, IngestAgent agent) {
        Gauge.builder("hailstorm.ingest.ring.bytes", ring, EdgeRing::usedBytes)
                .description("bytes waiting between the edge and the region agent")
                .register(registry);
        Gauge.builder("hailstorm.ingest.sessions", agent, IngestAgent::sessionCount)
                .description("drivers known")
                .register(registry);
    }

    static String reasonText(int reason) {
        FixRejection rejection = FixRejection.forNumber(reason);
        return rejection == null ? "unknown" : rejection.name().toLowerCase(Locale.ROOT);
    }

    void acceptedFixes(int count) {
        add(accepted, count);
    }

    void duplicateFix() {
        add(duplicate, 1);
    }

    void lateFixes(int count) {
        add(late, count);
    }

    void rejectedFixes(int reason, int count) {
        add(rejected[reason], count);
    }

    void logBackPressured() {
        add(logBackPressure, 1);
    }

    private static void add(AtomicLong counter, long count) {
        counter.setOpaque(counter.getPlain() + count);
    }

    void ringWasFull() {
        ringFull.increment();
    }

    void inFlightWasFull() {
        inFlightFull.increment();
    }

    /** A phone was told that another node serves it. */
    void sentAway() {
        sentAway.increment();
    }

    void slowClientClosed() {
        slowClient.increment();
    }

    Counter shed(String reason) {
        return Counter.builder("hailstorm.ingest.shed")
                .description("calls ended or refused to stay within a bound, by bound")
                .tag("reason", reason)
                .register(registry);
    }

    Counter authFailure(String reason) {
        return Counter.builder("hailstorm.ingest.auth.failures")
                .description("calls refused for want of a good token, by reason")
                .tag("reason", reason)
                .register(registry);
    }

    AtomicInteger driverStreams() {
        return driverStreams;
    }

    AtomicInteger connections() {
        return connections;
    }

    AtomicInteger watchers() {
        return watchers;
    }
}
