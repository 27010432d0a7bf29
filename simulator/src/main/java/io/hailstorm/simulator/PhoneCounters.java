package io.hailstorm.simulator;

import io.hailstorm.protocol.v1.FixRejection;
import java.util.EnumMap;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** What all phones together sent and were told. One owner thread. */
final class PhoneCounters {
    private static final long LATENCY_MAX_US = 3_600_000_000L;
    private static final long NS_PER_US = 1_000;

    /** Fix messages put on a stream, resends and duplicates included. */
    long sends;
    /** Of those, on streams that broke before they were answered. */
    long sendsLost;
    /** Learnt from Welcome to be durable, after a stream broke. */
    long resumed;

    long accepted;
    long duplicate;
    long late;
    private final EnumMap<FixRejection, Long> rejected = new EnumMap<>(FixRejection.class);
    long streamsOpened;
    long streamsLost;
    long resumes;
    long restarts;
    long superseded;
    long skippedFixes;
    /** Times a phone was told another endpoint. */
    long redirects;
    /** Times a phone went to another endpoint: told to, or because its own failed. */
    long endpointSwitches;
    /** Redirects back to where the phone had just been sent from. */
    long bounces;
    /** Streams given up because the server said nothing. */
    long unansweredStreams;

    int online;
    /** Streams that wait for a Welcome. */
    int greeting;

    final InFlight inFlight = new InFlight();
    final Histogram fixToAckUs = new Histogram(LATENCY_MAX_US, 3);

    long answered() {
        return accepted
                + duplicate
                + late
                + resumed
                + rejected.values().stream().mapToLong(Long::longValue).sum();
    }

    void rejected(FixRejection reason) {
        rejected.merge(reason, 1L, Long::sum);
    }

    SortedMap<String, Long> rejectedByReason() {
        SortedMap<String, Long> byReason = new TreeMap<>();
        rejected.forEach((reason, count) -> byReason.put(reason.name().toLowerCase(Locale.ROOT), count));
        return byReason;
    }

    static void recordNs(Histogram histogramUs, long ns) {
        histogramUs.recordValue(Math.clamp(ns / NS_PER_US, 0L, LATENCY_MAX_US));
    }
}
