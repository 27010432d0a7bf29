package io.hailstorm.node;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hailstorm regions}: who owns which cells in a running node, and moving them. */
@Command(
        name = "regions",
        description = "Show and move the ownership of cells.",
        mixinStandardHelpOptions = true,
        subcommands = {RegionsCommand.Show.class, RegionsCommand.Move.class})
final class RegionsCommand implements Runnable {
    private static final long CALL_S = 10;

    @CommandLine.Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Missing command: show or move");
    }

    /** Where the node is and how to prove that the caller may ask. */
    static final class Connection {
        @Option(
                names = "--target",
                paramLabel = "HOST:PORT",
                defaultValue = "localhost:7100",
                description = "the node's gRPC address (localhost:7100)")
        private String target = "localhost:7100";

        @Mixin
        private final KeyOptions keys = new KeyOptions();

        @Option(names = "--json", description = "one JSON object")
        private boolean json;

        <T> T call(Function<AdminServiceGrpc.AdminServiceBlockingStub, T> call) {
            InetSocketAddress address = SimulateCommand.address(target);
            SimulateCommand.probe(address);
            Metadata headers = new Metadata();
            headers.put(
                    Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                    "Bearer " + Tokens.admin(keys.directory(), new SystemTimeSource()));
            ManagedChannel channel = NettyChannelBuilder.forAddress(address.getHostString(), address.getPort())
                    .usePlaintext()
                    .build();
            try {
                return call.apply(AdminServiceGrpc.newBlockingStub(channel)
                        .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
                        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers)));
            } catch (StatusRuntimeException e) {
                throw new HailstormException(
                        ErrorCode.FAILED_PRECONDITION,
                        e.getStatus().getCode() + ": " + e.getStatus().getDescription(),
                        e);
            } finally {
                channel.shutdownNow();
            }
        }

        void print(PrintWriter out, ShowRangesResponse ranges) {
            if (json) {
                out.println(json(ranges));
                return;
            }
            out.printf("region %s, map epoch %d%n", ranges.getRegion(), ranges.getMapEpoch());
            for (PartitionRanges partition : ranges.getPartitionsList()) {
                out.printf("  partition %-3d %,6d cells%n", partition.getPartition(), partition.getCellCount());
            }
            for (Migration migration : ranges.getMigrationsList()) {
                printMigration(out, migration);
            }
            out.flush();
        }

        void printMigration(PrintWriter out, Migration migration) {
            out.printf(
                    "  migration %s: %d cells, %d -> %d, %s%s%n",
                    migration.getMigration(),
                    migration.getCellsCount(),
                    migration.getSourcePartition(),
                    migration.getTargetPartition(),
                    migration.getDone() ? migration.getOutcome() : migration.getState(),
                    migration.getDone() ? ", paused " + migration.getPauseMs() + " ms" : "");
        }

        static String json(com.google.protobuf.MessageOrBuilder message) {
            try {
                return JsonFormat.printer()
                        .omittingInsignificantWhitespace()
                        .preservingProtoFieldNames()
                        .print(message);
            } catch (InvalidProtocolBufferException e) {
                throw new HailstormException(ErrorCode.INTERNAL, "cannot print " + message.getClass(), e);
            }
        }
    }

    @Command(name = "show", description = "Print owners and migrations.", mixinStandardHelpOptions = true)
    static final class Show implements Callable<Integer> {
        @Mixin
        private final Connection connection = new Connection();

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            connection.print(
                    spec.commandLine().getOut(),
                    connection.call(stub -> stub.showRanges(ShowRangesRequest.getDefaultInstance())));
            return 0;
        }
    }

    @Command(name = "move", description = "Move cells to another partition, in order.", mixinStandardHelpOptions = true)
    static final class Move implements Callable<Integer> {
        private static final long POLL_NS = 20_000_000;
        private static final int POLLS_MAX = 1_500;

        @Mixin
        private final Connection connection = new Connection();

        @Option(
                names = "--cell",
                paramLabel = "CELL",
                required = true,
                split = ",",
                description = "routing cell (H3, resolution 7, hexadecimal); several by comma")
        private List<String> cells = List.of();

        @Option(
                names = "--to",
                paramLabel = "PARTITION",
                required = true,
                description = "the partition that takes over")
        private int target;

        @CommandLine.Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandLine.Model.CommandSpec spec;

        @Override
        public Integer call() {
            MoveRangeResponse started = connection.call(stub -> stub.moveRange(MoveRangeRequest.newBuilder()
                    .setRequestId(UUID.randomUUID().toString())
                    .addAllCells(cells)
                    .setTargetPartition(target)
                    .build()));
            Migration ended = await(started.getMigration());
            PrintWriter out = spec.commandLine().getOut();
            if (connection.json) {
                out.println(Connection.json(ended));
            } else {
                connection.printMigration(out, ended);
                out.flush();
            }
            return ended.getOutcome().equals("DONE") ? 0 : 1;
        }

        private Migration await(String migration) {
            for (int poll = 0; poll < POLLS_MAX; poll++) {
                ShowRangesResponse ranges =
                        connection.call(stub -> stub.showRanges(ShowRangesRequest.getDefaultInstance()));
                for (Migration each : ranges.getMigrationsList()) {
                    if (each.getMigration().equals(migration) && each.getDone()) {
                        return each;
                    }
                }
                LockSupport.parkNanos(POLL_NS);
            }
            throw new HailstormException(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "migration " + migration + " is still under way; see 'hailstorm regions show'");
        }
    }
}
