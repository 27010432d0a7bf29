package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import io.hailstorm.simulator.SimulationReport;

/**
 * The report of a demo or simulation run, one JSON object. Its keys are a contract with scripts.
 *
 * @param migrations what moving ranges cost the phones
 * @param durability the level at which fixes were acknowledged: {@code DISK} or {@code MEMORY}
 */
record RunReport(
        SimulationReport simulation,
        RegionStats.Rounds rounds,
        RegionStats.Prices prices,
        PipelineLatency.Snapshot latency,
        HistoryChecker.Verdict verdict,
        MigrationReport migrations,
        String digest,
        long seed,
        String policy,
        String durability,
        double virtualSeconds,
        double wallSeconds) {

    /** No invariant violated, and every fix sent has exactly one outcome. */
    boolean ok() {
        return verdict.ok() && simulation.fixes().isAccounted();
    }

    ObjectNode toJson(ObjectMapper mapper) {
        ObjectNode root = mapper.createObjectNode();
        putClientSide(root, simulation, wallSeconds);
        ObjectNode roundsNode = root.putObject("rounds");
        roundsNode.put("count", rounds.count());
        roundsNode
                .putObject("solve_ms")
                .put("p50", round(rounds.solveP50Ms(), 3))
                .put("p99", round(rounds.solveP99Ms(), 3));
        roundsNode.put("riders_max", rounds.ridersMax()).put("drivers_max", rounds.driversMax());
        root.putObject("prices")
                .put("cells", prices.cells())
                .put("multiplier_max", prices.multiplierMilliMax() / 1e3)
                .put("changes", prices.changes());
        ObjectNode latencies = root.putObject("latency_ms");
        putLatency(latencies.putObject("fix_to_durable"), latency.durableP50Ms(), latency.durableP99Ms());
        putLatency(latencies.putObject("fix_to_index"), latency.indexP50Ms(), latency.indexP99Ms());
        putLatency(
                latencies.putObject("request_to_offer"),
                simulation.requestToOffer().p50Ms(),
                simulation.requestToOffer().p99Ms());
        root.putObject("invariants")
                .put("order_violations", verdict.orderViolations())
                .put("lost", verdict.lost())
                .put("duplicates_visible", verdict.duplicatesVisible())
                .put("double_offers", verdict.doubleOffers())
                .put("acceptor_violations", verdict.acceptorViolations())
                .put("epoch_violations", verdict.epochViolations())
                .put("lineage_violations", verdict.lineageViolations())
                .put("ok", ok());
        migrations.putInto(root);
        root.put("digest", digest);
        root.put("seed", seed);
        root.put("policy", policy);
        root.put("durability", durability);
        root.put("virtual_seconds", round(virtualSeconds, 3));
        root.put("wall_seconds", round(wallSeconds, 3));
        return root;
    }

    /** What the clients alone can tell. */
    static void putClientSide(ObjectNode root, SimulationReport simulation, double wallSeconds) {
        putFixes(root.putObject("fixes"), simulation, wallSeconds);
        SimulationReport.Trips trips = simulation.trips();
        root.putObject("trips")
                .put("requested", trips.requested())
                .put("matched", trips.matched())
                .put("completed", trips.completed())
                .put("cancelled", trips.cancelled())
                .put("expired", trips.expired())
                .put("open", trips.open())
                .put("price_declined", trips.priceDeclined())
                .put("failed", trips.failed());
        putPercentiles(root.putObject("wait_s"), simulation.waitSeconds());
        putPercentiles(root.putObject("pickup_eta_s"), simulation.pickupEtaSeconds());
        root.putObject("vehicles")
                .put("fleet", simulation.vehicles().fleet())
                .put("used", simulation.vehicles().used())
                .put("empty_km", round(simulation.vehicles().emptyKm(), 1))
                .put("occupied_km", round(simulation.vehicles().occupiedKm(), 1));
        putPhones(root.putObject("phones"), simulation.phones());
    }

    private static void putPhones(ObjectNode node, SimulationReport.Phones phones) {
        node.put("streams_opened", phones.streamsOpened())
                .put("streams_lost", phones.streamsLost())
                .put("streams_unanswered", phones.unansweredStreams())
                .put("resumes", phones.resumes())
                .put("redirects", phones.redirects())
                .put("bounces", phones.bounces())
                .put("endpoint_switches", phones.endpointSwitches())
                .put("rider_switches", phones.riderSwitches());
    }

    private static void putFixes(ObjectNode node, SimulationReport simulation, double wallSeconds) {
        SimulationReport.Fixes fixes = simulation.fixes();
        node.put("sent", fixes.sent())
                .put("accepted", fixes.accepted())
                .put("duplicate", fixes.duplicate())
                .put("late", fixes.late());
        ObjectNode rejected = node.putObject("rejected");
        fixes.rejected().forEach(rejected::put);
        node.put("per_s", round(fixes.sent() / Math.max(wallSeconds, 1e-3), 1));
        node.put("malformed", simulation.malformed())
                .put("resumed", fixes.resumed())
                .put("unanswered", fixes.unanswered())
                .put("unacked", fixes.unacked());
    }

    private static void putPercentiles(ObjectNode node, SimulationReport.Percentiles percentiles) {
        node.put("p50", round(percentiles.p50(), 1)).put("p95", round(percentiles.p95(), 1));
    }

    private static void putLatency(ObjectNode node, double p50, double p99) {
        node.put("p50", round(p50, 3)).put("p99", round(p99, 3));
    }

    private static double round(double value, int digits) {
        double scale = Math.pow(10, digits);
        return Math.round(value * scale) / scale;
    }

    /** For people. */
    String toText() {
        SimulationReport.Fixes fixes = simulation.fixes();
        SimulationReport.Trips trips = simulation.trips();
        StringBuilder out = new StringBuilder(1024);
        line(
                out,
                "fixes",
                "%,d sent: %,d accepted, %,d duplicate, %,d late, %,d rejected %s (%,.0f/s)",
                fixes.sent(),
                fixes.accepted(),
                fixes.duplicate(),
                fixes.late(),
                fixes.rejectedTotal(),
                fixes.rejected(),
                fixes.sent() / Math.max(wallSeconds, 1e-3));
        line(
                out,
                "trips",
                "%,d requested: %,d completed, %,d cancelled, %,d expired, %,d open; %,d were matched",
                trips.requested(),
                trips.completed(),
                trips.cancelled(),
                trips.expired(),
                trips.open(),
                trips.matched());
        line(
                out,
                "wait",
                "p50 %.0f s, p95 %.0f s to pickup; offered at ETA p50 %.0f s, p95 %.0f s",
                simulation.waitSeconds().p50(),
                simulation.waitSeconds().p95(),
                simulation.pickupEtaSeconds().p50(),
                simulation.pickupEtaSeconds().p95());
        line(
                out,
                "vehicles",
                "%,d of %,d used; %,.0f km empty, %,.0f km occupied",
                simulation.vehicles().used(),
                simulation.vehicles().fleet(),
                simulation.vehicles().emptyKm(),
                simulation.vehicles().occupiedKm());
        line(
                out,
                "rounds",
                "%,d (%s), solved in p50 %.2f ms, p99 %.2f ms; at most %,d riders, %,d drivers",
                rounds.count(),
                policy,
                rounds.solveP50Ms(),
                rounds.solveP99Ms(),
                rounds.ridersMax(),
                rounds.driversMax());
        line(
                out,
                "prices",
                "%,d cells, up to %.2fx, %,d changes",
                prices.cells(),
                prices.multiplierMilliMax() / 1e3,
                prices.changes());
        line(
                out,
                "latency",
                "fix to %s p50 %.2f ms, p99 %.2f ms; to the index p50 %.2f ms, p99 %.2f ms",
                durability,
                latency.durableP50Ms(),
                latency.durableP99Ms(),
                latency.indexP50Ms(),
                latency.indexP99Ms());
        out.append(migrations.toText());
        line(
                out,
                "invariants",
                "%s: %d out of order, %d lost, %d doubled, %d double offers, %d second acceptors, %d off their ground,"
                        + " %d broken lineages, in %,d records",
                ok() ? "ok" : "VIOLATED",
                verdict.orderViolations(),
                verdict.lost(),
                verdict.duplicatesVisible(),
                verdict.doubleOffers(),
                verdict.acceptorViolations(),
                verdict.epochViolations(),
                verdict.lineageViolations(),
                verdict.records());
        verdict.examples().forEach(example -> line(out, "", "%s", example));
        line(
                out,
                "run",
                "seed %d, digest %s, %,.0f simulated seconds in %,.1f s",
                seed,
                digest,
                virtualSeconds,
                wallSeconds);
        return out.toString();
    }

    @FormatMethod
    private static void line(StringBuilder out, String title, @FormatString String format, Object... values) {
        out.append(String.format("%-11s", title))
                .append(String.format(java.util.Locale.ROOT, format, values))
                .append('\n');
    }
}
