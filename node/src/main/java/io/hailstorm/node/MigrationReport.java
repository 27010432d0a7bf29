package io.hailstorm.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.simulator.Pauses;
import java.util.Locale;
import java.util.Optional;

/**
 * What moving ranges, and handing drivers over, cost the phones; a part of {@link RunReport}. How pauses and the dip are measured
 * is said at {@link Pauses}.
 *
 * @param count ranges moved
 * @param aborted moves refused or given up
 * @param pause of phones in the ranges that moved, a move each
 * @param bufferedMax fixes the edge held at once because their range was sealed, at most
 * @param handOvers of drivers who crossed to another node; empty when there is one node
 */
record MigrationReport(
        long count,
        long aborted,
        Pauses.Figures pause,
        long bufferedMax,
        Pauses.Throughput throughput,
        Optional<Pauses.Figures> handOvers) {

    void putInto(ObjectNode root) {
        ObjectNode migrations = root.putObject("migrations");
        migrations.put("count", count).put("aborted", aborted);
        migrations
                .putObject("pause_ms")
                .put("p50", rounded(pause.p50Ms()))
                .put("p99", rounded(pause.p99Ms()))
                .put("max", rounded(pause.maxMs()));
        migrations.put("buffered_max", bufferedMax).put("dip_percent", rounded(throughput.dipPercent()));
        handOvers.ifPresent(figures -> root.putObject("handovers")
                .put("count", figures.count())
                .putObject("pause_ms")
                .put("p50", rounded(figures.p50Ms()))
                .put("p99", rounded(figures.p99Ms())));
    }

    private static double rounded(double value) {
        return Math.round(value * 1e3) / 1e3;
    }

    /** For people. */
    String toText() {
        String migrations = String.format(
                Locale.ROOT,
                "%,d moved, %,d aborted; pause p50 %.1f ms, p99 %.1f ms, longest %.1f ms; %,d fixes held at most;"
                        + " throughput dip %.1f %% (%,d fixes a second in the median, %,d in the lowest second)",
                count,
                aborted,
                pause.p50Ms(),
                pause.p99Ms(),
                pause.maxMs(),
                bufferedMax,
                throughput.dipPercent(),
                throughput.median(),
                throughput.lowest());
        return "migrations " + migrations + "\n"
                + handOvers
                        .map(figures -> String.format(
                                Locale.ROOT,
                                "handovers  %,d; pause p50 %.1f ms, p99 %.1f ms%n",
                                figures.count(),
                                figures.p50Ms(),
                                figures.p99Ms()))
                        .orElse("");
    }
}
