package io.hailstorm.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.log.LogTorture;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/**
 * {@code hailstorm check}: holds Hailstorm to its promises for as long as asked. By itself it runs simulated worlds
 * ({@link World}); a subcommand takes one part.
 */
@Command(
        name = "check",
        description = {
            "Run the whole system in simulated worlds, a seed a world, with crashes, faults and range moves, and hold"
                    + " every",
            "durable record against the invariants. Exit 1 when one does not hold; with --mutation, when a missing",
            "safeguard goes unnoticed."
        },
        mixinStandardHelpOptions = true,
        subcommands = CheckCommand.Log.class)
final class CheckCommand implements Callable<Integer> {
    private static final int VIOLATIONS_MAX = 10;
    /** Of the violations shown, so many are made smaller: each takes up to {@value WorldShrink#RUNS_MAX} worlds. */
    private static final int SHRUNK_MAX = 2;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "1000", description = "how many worlds (1000)")
    private long seeds = 1000;

    @Option(names = "--from", paramLabel = "S", defaultValue = "1", description = "the first seed (1)")
    private long from = 1;

    @Option(names = "--steps", paramLabel = "K", description = "steps a world")
    private int steps = WorldPlan.STEPS_DEFAULT;

    @Option(
            names = "--mutation",
            paramLabel = "NAME",
            description = "take a safeguard away and look for the first seed that notices; all: each in turn")
    private @Nullable String mutation;

    @Option(names = "--phones", paramLabel = "P", description = "so many phones, whatever the seed says")
    private @Nullable Integer phones;

    @Option(names = "--riders", paramLabel = "R", description = "so many riders, whatever the seed says")
    private @Nullable Integer riders;

    @Option(
            names = "--without",
            paramLabel = "KIND",
            split = ",",
            description = "leave these kinds of faults and orders out, as a smaller plan does")
    private List<String> without = new ArrayList<>();

    @Option(names = "--no-shrink", description = "do not look for smaller plans that fail, too")
    private boolean noShrink;

    @Option(names = "--json", description = "JSON")
    private boolean json;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (seeds < 1 || steps < 1) {
            throw new CommandLine.ParameterException(spec.commandLine(), "--seeds, --steps: expected 1 or more");
        }
        without.forEach(this::requireKind);
        WorldCheck check = new WorldCheck(steps, this::narrowed, new SystemTimeSource());
        PrintWriter out = spec.commandLine().getOut();
        String removed = mutation;
        boolean ok = WorldQuiet.during(() -> removed == null ? run(check, out) : mutate(check, removed, out));
        out.flush();
        return ok ? ExitCode.OK : ExitCode.SOFTWARE;
    }

    private static List<String> kinds() {
        return Stream.concat(Stream.of(WorldPlan.Fault.values()), Stream.of(WorldPlan.Order.values()))
                .map(WorldShrink::name)
                .toList();
    }

    private void requireKind(String name) {
        if (!kinds().contains(name)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--without: expected some of " + kinds() + ", got " + name);
        }
    }

    private WorldPlan narrowed(WorldPlan drawn) {
        WorldPlan plan = drawn.with(
                phones == null ? drawn.phoneCount() : phones,
                riders == null ? drawn.shape().riderCount() : riders);
        for (WorldPlan.Fault fault : WorldPlan.Fault.values()) {
            plan = without.contains(WorldShrink.name(fault)) ? plan.without(fault) : plan;
        }
        for (WorldPlan.Order order : WorldPlan.Order.values()) {
            plan = without.contains(WorldShrink.name(order)) ? plan.without(order) : plan;
        }
        return plan;
    }

    private boolean run(WorldCheck check, PrintWriter out) {
        WorldCheck.Report report = check.run(from, seeds, VIOLATIONS_MAX);
        List<WorldShrink.Smallest> smallest = noShrink
                ? List.of()
                : report.violations().stream()
                        .limit(SHRUNK_MAX)
                        .map(violation -> check.shrink(violation, Safeguards.ALL))
                        .toList();
        if (json) {
            out.println(report.json(smallest));
            return report.ok();
        }
        out.printf(
                "%s: %,d worlds, %,d steps, %,d crashes, %,d moves, %,d hand-overs, %,.0f steps/s, digest %016x%n",
                report.ok() ? "ok" : "VIOLATED",
                report.seeds(),
                report.steps(),
                report.crashes(),
                report.moves(),
                report.handovers(),
                report.stepsPerS(),
                report.digest());
        for (int i = 0; i < report.violations().size(); i++) {
            WorldVerdict.Violation violation = report.violations().get(i);
            if (i < smallest.size()) {
                print(violation, smallest.get(i), out);
            } else {
                print(violation, out);
                out.printf("see it again: hailstorm check --seeds 1 --from %d --steps %d%n", violation.seed(), steps);
            }
        }
        return report.ok();
    }

    private static void print(WorldVerdict.Violation violation, WorldShrink.Smallest smallest, PrintWriter out) {
        out.printf(
                "%nseed %d breaks %s at step %d; the smallest plan found, after %d worlds:%n  %s%n",
                violation.seed(),
                violation.invariant(),
                violation.step(),
                smallest.runCount(),
                smallest.plan().describe());
        print(smallest.violation(), out);
        out.println("see it again: " + smallest.seeAgain());
    }

    private static void print(WorldVerdict.Violation violation, PrintWriter out) {
        out.printf(
                "%nseed %d, step %d: %s: %s%n",
                violation.seed(), violation.step(), violation.invariant(), violation.message());
        violation.trace().forEach(line -> out.println("  " + line));
    }

    private boolean mutate(WorldCheck check, String name, PrintWriter out) {
        boolean isCaught = true;
        boolean isKnown = false;
        for (Safeguard safeguard : Safeguard.values()) {
            if (!name.equals("all") && !name.equals(safeguard.mutation())) {
                continue;
            }
            isKnown = true;
            WorldCheck.Mutation result = check.mutate(safeguard, from, seeds);
            isCaught &= result.isCaught();
            print(result, out);
            WorldVerdict.Violation violation = result.violation();
            if (violation != null && seeds == 1 && !json) {
                if (noShrink) {
                    print(violation, out);
                } else {
                    print(violation, check.shrink(violation, Safeguards.without(safeguard)), out);
                }
            }
        }
        if (!isKnown) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--mutation: expected all or one of "
                            + Stream.of(Safeguard.values())
                                    .map(Safeguard::mutation)
                                    .toList()
                            + ", got " + name);
        }
        return isCaught;
    }

    private void print(WorldCheck.Mutation result, PrintWriter out) {
        if (json) {
            out.println(result.json());
        } else {
            WorldVerdict.Violation violation = result.violation();
            out.printf(
                    "%-32s %s%n",
                    result.without().mutation(),
                    violation == null
                            ? "NOT noticed in " + result.seedsTried() + " worlds"
                            : "noticed by seed " + violation.seed() + ": " + violation.invariant());
        }
        out.flush();
    }

    @Command(
            name = "log",
            description = {
                "Torture the embedded log: cut and flip its last batch everywhere, crash its disk, fill it up, fail"
                        + " its",
                "syncs, kill -9 a process that appends. Exit 1 when an acknowledged record was lost or doubled, or a",
                "corrupt one served."
            },
            mixinStandardHelpOptions = true)
    static final class Log implements Callable<Integer> {
        private static final long LINE_NS = 5_000_000_000L;

        @Option(names = "--minutes", paramLabel = "M", defaultValue = "1", description = "how long (1)")
        private double minutes = 1;

        @Option(names = "--seed", paramLabel = "S", description = "what a failed run printed, to see it again")
        private @Nullable Long seed;

        @Option(names = "--dir", paramLabel = "DIR", description = "where the real files go; a temporary directory")
        private @Nullable Path directory;

        @Option(names = "--json", description = "JSON")
        private boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        private final SystemTimeSource time = new SystemTimeSource();
        private long lastLineNs = time.monotonicNs();

        @Override
        public Integer call() throws IOException, InterruptedException {
            if (minutes < 0) {
                throw new CommandLine.ParameterException(spec.commandLine(), "--minutes: expected 0 or more");
            }
            long chosen = seed == null ? time.monotonicNs() ^ time.epochMs() : seed;
            Path given = directory;
            Path files = given == null ? Files.createTempDirectory("hailstorm-check") : given;
            Files.createDirectories(files);
            LogTorture.Report report = LogTorture.run(chosen, minutes, files, time, this::onTurn);
            PrintWriter out = spec.commandLine().getOut();
            if (json) {
                out.println(new ObjectMapper().writeValueAsString(json(report)));
            } else {
                print(report, files, out);
            }
            out.flush();
            return report.ok() ? ExitCode.OK : ExitCode.SOFTWARE;
        }

        private void onTurn(LogTorture.Report soFar) {
            long nowNs = time.monotonicNs();
            if (nowNs - lastLineNs >= LINE_NS) {
                lastLineNs = nowNs;
                PrintWriter err = spec.commandLine().getErr();
                err.printf(
                        "%.1f min: %,d rounds, %,d kills, %,d cuts, %,d flips, %,d records acknowledged%n",
                        soFar.minutes(),
                        soFar.rounds(),
                        soFar.kills(),
                        soFar.cuts(),
                        soFar.flips(),
                        soFar.recordsAcked());
                err.flush();
            }
        }

        private static ObjectNode json(LogTorture.Report report) {
            ObjectNode root = new ObjectMapper()
                    .createObjectNode()
                    .put("seed", report.seed())
                    .put("minutes", report.minutes())
                    .put("rounds", report.rounds())
                    .put("kills", report.kills())
                    .put("crashes", report.crashes())
                    .put("cuts", report.cuts())
                    .put("flips", report.flips())
                    .put("records_acked", report.recordsAcked())
                    .put("lost", report.lost())
                    .put("doubled", report.doubled())
                    .put("corrupt_served", report.corruptServed())
                    .put("ok", report.ok());
            ArrayNode violations = root.putArray("violations");
            report.violations().forEach(violations::add);
            return root;
        }

        private static void print(LogTorture.Report report, Path files, PrintWriter out) {
            out.printf(
                    "%s after %.1f min, seed %d: %,d rounds, %,d kills, %,d crashes, %,d cuts, %,d flips; %,d records"
                            + " acknowledged, %,d lost, %,d doubled, %,d corrupt ones served%n",
                    report.ok() ? "ok" : "VIOLATED",
                    report.minutes(),
                    report.seed(),
                    report.rounds(),
                    report.kills(),
                    report.crashes(),
                    report.cuts(),
                    report.flips(),
                    report.recordsAcked(),
                    report.lost(),
                    report.doubled(),
                    report.corruptServed());
            report.violations().forEach(out::println);
            if (!report.ok()) {
                out.println("files left in " + files);
            }
        }
    }
}
