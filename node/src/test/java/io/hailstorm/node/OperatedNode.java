package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.hailstorm.geo.City;
import io.hailstorm.kernel.testing.VirtualTime;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.simulator.Simulation;
import io.hailstorm.simulator.SimulationConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;

/** A node, its phones and an operator, all in this thread. */
final class OperatedNode implements AutoCloseable {
    private static final int VEHICLES = 150;
    private static final long STEP_MS = 100;

    final HailstormNode node;
    final Simulation simulation;
    final AdminServiceGrpc.AdminServiceFutureStub operator;
    private final VirtualTime time;
    private final ManagedChannel channel;

    OperatedNode(Path directory, VirtualTime time, long seed, int partitionCount) {
        this.time = time;
        Settings settings = Settings.resolve(
                Map.of(
                        Setting.DATA_DIR,
                        directory.toString(),
                        Setting.RATE_LIMITS,
                        "false",
                        Setting.PARTITIONS,
                        Integer.toString(partitionCount)),
                Map.of(),
                null);
        node = HailstormNode.open(NodeConfig.of(settings).keepingAllFixes().inMemoryAcknowledged(), time);
        channel = InProcessChannelBuilder.forName(node.startInProcess())
                .directExecutor()
                .build();
        simulation = Simulation.create(
                SimulationConfig.of(City.named("sf").orElseThrow())
                        .withVehicles(VEHICLES)
                        .withSeed(seed)
                        .withServiceArea(node.serviceArea()),
                List.of(channel),
                node.tokens(),
                time,
                Optional.empty(),
                time.epochMs());
        Metadata headers = new Metadata();
        headers.put(
                Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                "Bearer " + Tokens.admin(new DataDirectory(directory), time));
        operator = AdminServiceGrpc.newFutureStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            step();
        }
    }

    /** One turn of the node a step of time, so that a move spans several steps and fixes arrive in each. */
    private void step() {
        time.advanceMs(STEP_MS);
        simulation.step(time.epochMs());
        node.turn();
    }

    void move(String id, long cell) throws Exception {
        String hex = Long.toHexString(cell);
        int owner = ranges().getPartitionsList().stream()
                .filter(partition -> partition.getCellsList().contains(hex))
                .findFirst()
                .orElseThrow()
                .getPartition();
        Future<MoveRangeResponse> response = operator.moveRange(MoveRangeRequest.newBuilder()
                .setRequestId(id)
                .addCells(hex)
                .setTargetPartition((owner + 1) % node.log().partitionCount())
                .build());
        node.turn();
        assertThat(response.get().getMigration()).isEqualTo(id);
    }

    /** Single turns, without time passing for the phones, up to where the range accepts nothing. */
    void turnUntilSealed() throws Exception {
        for (int turn = 0; turn < 100; turn++) {
            if (ranges().getMigrations(0).getState().name().equals("SEALED")) {
                return;
            }
            node.turn();
        }
    }

    ShowRangesResponse ranges() throws Exception {
        return operator.showRanges(ShowRangesRequest.getDefaultInstance()).get();
    }

    void finish() {
        simulation.finish(time.epochMs());
        for (int i = 0; i < 1_000 && !simulation.isFinished(); i++) {
            step();
        }
        node.settle(true);
        assertThat(simulation.report().fixes().isAccounted()).isTrue();
    }

    @Override
    public void close() {
        simulation.close();
        channel.shutdownNow();
        node.close();
    }
}
