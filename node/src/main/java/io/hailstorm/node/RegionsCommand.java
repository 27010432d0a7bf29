package io.hailstorm.node;

import io.hailstorm.protocol.v1.AbortMigrationRequest;
import io.hailstorm.protocol.v1.AbortMigrationResponse;
import io.hailstorm.protocol.v1.EvacuateRegionRequest;
import io.hailstorm.protocol.v1.MergePartitionsRequest;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.SplitPartitionRequest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm regions}: who owns which cells in running nodes, and moving them. */
@Command(
        name = "regions",
        description = "Show and move the ownership of cells.",
        mixinStandardHelpOptions = true,
        subcommands = {
            RegionsCommand.Show.class,
            RegionsCommand.Move.class,
            RegionsCommand.Split.class,
            RegionsCommand.Merge.class,
            RegionsCommand.Evacuate.class,
            RegionsCommand.Abort.class,
            RegionsTenures.class,
            RegionsReturn.class
        })
final class RegionsCommand implements Runnable {
    private static final String DONE = "DONE";

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Missing command: show, move, split, merge, evacuate, abort, tenures or return");
    }

    /** What all of them share. */
    abstract static class Asking implements Callable<Integer> {
        @Mixin
        final RegionsConnection connection = new RegionsConnection();

        @Option(names = "--json", description = "JSON objects, one a line")
        boolean json;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        CommandLine.Model.CommandSpec spec;

        PrintWriter out() {
            return spec.commandLine().getOut();
        }

        CommandLine.ParameterException usage(String message) {
            return new CommandLine.ParameterException(spec.commandLine(), message);
        }

        static String requestId() {
            return UUID.randomUUID().toString();
        }

        /** Follows moves to their ends, and prints these; 0 when all are done. */
        int follow(String id, List<String> migrations) {
            List<Migration> ended = connection.await(id, migrations);
            for (Migration each : ended) {
                if (json) {
                    out().println(RegionsPrinter.json(each));
                } else {
                    RegionsPrinter.print(out(), each);
                }
            }
            out().flush();
            return ended.stream().allMatch(each -> each.getOutcome().equals(DONE)) ? 0 : 1;
        }
    }

    @Command(name = "show", description = "Print owners and migrations.", mixinStandardHelpOptions = true)
    static final class Show extends Asking {
        @Override
        public Integer call() {
            ShowRangesResponse ranges = connection.show();
            if (json) {
                out().println(RegionsPrinter.json(ranges));
            } else {
                RegionsPrinter.print(out(), ranges);
            }
            return 0;
        }
    }

    @Command(name = "move", description = "Move cells to another partition, in order.", mixinStandardHelpOptions = true)
    static final class Move extends Asking {
        @Option(
                names = "--cell",
                paramLabel = "CELL",
                split = ",",
                description = "routing cell (H3, resolution 7, hexadecimal); several by comma")
        private List<String> cells = List.of();

        @Option(
                names = "--cells",
                paramLabel = "FILE",
                description = "file of routing cells: one a line, or a JSON array")
        @Nullable
        private Path file;

        @Option(
                names = "--to",
                paramLabel = "PARTITION",
                required = true,
                description = "the partition that takes over, of any region")
        private int target;

        @Override
        public Integer call() {
            List<String> wanted = new ArrayList<>();
            for (String cell : cells) {
                wanted.add(CellsFile.cell(cell, "--cell"));
            }
            Path from = file;
            if (from != null) {
                wanted.addAll(CellsFile.read(from));
            }
            if (wanted.isEmpty()) {
                throw usage("Missing cells: --cell CELL or --cells FILE");
            }
            MoveRangeRequest request = MoveRangeRequest.newBuilder()
                    .setRequestId(requestId())
                    .addAllCells(wanted)
                    .setTargetPartition(target)
                    .build();
            var begun = connection.call(stub -> stub.moveRange(request));
            return follow(begun.getMigration(), begun.getMigrationsList());
        }
    }

    @Command(
            name = "split",
            description = "Move the hotter half of a partition to the emptiest other one.",
            mixinStandardHelpOptions = true)
    static final class Split extends Asking {
        @Option(names = "--partition", paramLabel = "PARTITION", required = true, description = "the one to split")
        private int partition;

        @Override
        public Integer call() {
            SplitPartitionRequest request = SplitPartitionRequest.newBuilder()
                    .setRequestId(requestId())
                    .setPartition(partition)
                    .build();
            var begun = connection.call(stub -> stub.splitPartition(request));
            return follow(begun.getGroup(), begun.getMigrationsList());
        }
    }

    @Command(
            name = "merge",
            description = "Move everything of one partition to another.",
            mixinStandardHelpOptions = true)
    static final class Merge extends Asking {
        @Option(
                names = "--partitions",
                paramLabel = "A,B",
                required = true,
                split = ",",
                description = "two partitions: everything of the second goes to the first")
        private List<Integer> partitions = List.of();

        @Override
        public Integer call() {
            if (partitions.size() != 2) {
                throw usage("--partitions: expected two by comma, got " + partitions.size());
            }
            MergePartitionsRequest request = MergePartitionsRequest.newBuilder()
                    .setRequestId(requestId())
                    .setIntoPartition(partitions.get(0))
                    .setFromPartition(partitions.get(1))
                    .build();
            var begun = connection.call(stub -> stub.mergePartitions(request));
            return follow(begun.getGroup(), begun.getMigrationsList());
        }
    }

    @Command(
            name = "evacuate",
            description = "Move everything of a region's partitions to the other regions.",
            mixinStandardHelpOptions = true)
    static final class Evacuate extends Asking {
        @Option(names = "--region", paramLabel = "REGION", required = true, description = "the one to empty")
        private String region = "";

        @Override
        public Integer call() {
            EvacuateRegionRequest request = EvacuateRegionRequest.newBuilder()
                    .setRequestId(requestId())
                    .setRegion(region)
                    .build();
            var begun = connection.call(stub -> stub.evacuateRegion(request));
            return follow(begun.getGroup(), begun.getMigrationsList());
        }
    }

    @Command(
            name = "abort",
            description = "Leave a range where it is, or take it back when its target is gone; end a group.",
            mixinStandardHelpOptions = true)
    static final class Abort extends Asking {
        @Option(
                names = "--migration",
                paramLabel = "ID",
                required = true,
                description = "of the migration or the group")
        private String migration = "";

        @Option(names = "--force", description = "take a sealed range back although its target is served")
        private boolean force;

        @Override
        public Integer call() {
            AbortMigrationRequest request = AbortMigrationRequest.newBuilder()
                    .setRequestId(requestId())
                    .setMigration(migration)
                    .setForce(force)
                    .build();
            AbortMigrationResponse aborted = connection.call(stub -> stub.abortMigration(request));
            follow(aborted.getMigration(), aborted.getMigrationsList());
            return 0;
        }
    }
}
