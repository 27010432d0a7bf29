package io.hailstorm.node;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The operator's service. Looking is done on the caller's thread, moving on the region agent's. */
final class AdminService extends AdminServiceGrpc.AdminServiceImplBase {
    private static final int CELLS_MAX = 10_000;

    private final String region;
    private final RangeOwnership ranges;
    private final Consumer<Runnable> onRegionThread;

    AdminService(String region, RangeOwnership ranges, Consumer<Runnable> onRegionThread) {
        this.region = region;
        this.ranges = ranges;
        this.onRegionThread = onRegionThread;
    }

    @Override
    public void showRanges(ShowRangesRequest request, StreamObserver<ShowRangesResponse> response) {
        PartitionMap map = ranges.map();
        ShowRangesResponse.Builder out = ShowRangesResponse.newBuilder()
                .setRegion(region)
                .setMapEpoch(map.epoch())
                .addAllMigrations(ranges.migrations());
        for (int partition = 0; partition < map.partitionCount(); partition++) {
            Set<Long> cells = new TreeSet<>(map.cellsOf(partition));
            PartitionRanges.Builder of =
                    PartitionRanges.newBuilder().setPartition(partition).setCellCount(cells.size());
            cells.forEach(cell -> of.addCells(Long.toHexString(cell)));
            out.addPartitions(of);
        }
        response.onNext(out.build());
        response.onCompleted();
    }

    @Override
    public void moveRange(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response) {
        Set<Long> cells = new TreeSet<>();
        try {
            request.getCellsList().forEach(cell -> cells.add(Long.parseUnsignedLong(cell, 16)));
        } catch (NumberFormatException e) {
            response.onError(Status.INVALID_ARGUMENT
                    .withDescription("cells: expected H3 indexes in hexadecimal, got " + request.getCellsList())
                    .withCause(e)
                    .asRuntimeException());
            return;
        }
        if (request.getRequestId().isEmpty() || cells.isEmpty() || cells.size() > CELLS_MAX) {
            response.onError(Status.INVALID_ARGUMENT
                    .withDescription("a move needs a request_id and 1 to " + CELLS_MAX + " cells, got request_id \""
                            + request.getRequestId() + "\" and " + cells.size() + " cells")
                    .asRuntimeException());
            return;
        }
        onRegionThread.accept(() -> {
            try {
                String migration = ranges.move(request.getRequestId(), cells, request.getTargetPartition())
                        .migrationId();
                response.onNext(
                        MoveRangeResponse.newBuilder().setMigration(migration).build());
                response.onCompleted();
            } catch (HailstormException e) {
                response.onError(Status.fromCodeValue(
                                Status.Code.valueOf(e.code().name()).value())
                        .withDescription(e.getMessage())
                        .withCause(e)
                        .asRuntimeException());
            }
        });
    }
}
