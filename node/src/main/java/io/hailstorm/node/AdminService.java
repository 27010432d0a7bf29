package io.hailstorm.node;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.protocol.v1.AbortMigrationRequest;
import io.hailstorm.protocol.v1.AbortMigrationResponse;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.EvacuateRegionRequest;
import io.hailstorm.protocol.v1.EvacuateRegionResponse;
import io.hailstorm.protocol.v1.MergePartitionsRequest;
import io.hailstorm.protocol.v1.MergePartitionsResponse;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.SplitPartitionRequest;
import io.hailstorm.protocol.v1.SplitPartitionResponse;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The operator's service. Looking is done on the caller's thread, changing on the region agent's, and only where it is decided: other
 * nodes name that one in the trailer {@link #DISPATCHER}.
 */
final class AdminService extends AdminServiceGrpc.AdminServiceImplBase {
    /** {@code host:port} of the node to ask instead. */
    static final Metadata.Key<String> DISPATCHER =
            Metadata.Key.of("dispatcher-endpoint", Metadata.ASCII_STRING_MARSHALLER);

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
        response.onNext(ranges.view().toProto(region, ranges.migrations()));
        response.onCompleted();
    }

    @Override
    public void moveRange(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response) {
        answer(request.getRequestId(), response, () -> {
            Set<Long> cells = new TreeSet<>();
            for (String cell : request.getCellsList()) {
                cells.add(cell(cell));
            }
            if (cells.isEmpty() || cells.size() > CELLS_MAX) {
                throw new HailstormException(
                        ErrorCode.INVALID_ARGUMENT, "a move needs 1 to " + CELLS_MAX + " cells, got " + cells.size());
            }
            RangeOperations.Begun begun =
                    ranges.operations().move(request.getRequestId(), cells, request.getTargetPartition());
            return MoveRangeResponse.newBuilder()
                    .setMigration(begun.id())
                    .addAllMigrations(begun.migrations())
                    .build();
        });
    }

    private static long cell(String text) {
        try {
            return Long.parseUnsignedLong(text, 16);
        } catch (NumberFormatException e) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT, "cells: expected an H3 index in hexadecimal, got \"" + text + '"', e);
        }
    }

    @Override
    public void splitPartition(SplitPartitionRequest request, StreamObserver<SplitPartitionResponse> response) {
        answer(request.getRequestId(), response, () -> {
            RangeOperations.Begun begun = ranges.operations().split(request.getRequestId(), request.getPartition());
            return SplitPartitionResponse.newBuilder()
                    .setGroup(begun.id())
                    .addAllMigrations(begun.migrations())
                    .build();
        });
    }

    @Override
    public void mergePartitions(MergePartitionsRequest request, StreamObserver<MergePartitionsResponse> response) {
        answer(request.getRequestId(), response, () -> {
            RangeOperations.Begun begun = ranges.operations()
                    .merge(request.getRequestId(), request.getFromPartition(), request.getIntoPartition());
            return MergePartitionsResponse.newBuilder()
                    .setGroup(begun.id())
                    .addAllMigrations(begun.migrations())
                    .build();
        });
    }

    @Override
    public void evacuateRegion(EvacuateRegionRequest request, StreamObserver<EvacuateRegionResponse> response) {
        answer(request.getRequestId(), response, () -> {
            RangeOperations.Begun begun = ranges.operations().evacuate(request.getRequestId(), request.getRegion());
            return EvacuateRegionResponse.newBuilder()
                    .setGroup(begun.id())
                    .addAllMigrations(begun.migrations())
                    .build();
        });
    }

    @Override
    public void abortMigration(AbortMigrationRequest request, StreamObserver<AbortMigrationResponse> response) {
        answer(
                request.getRequestId(),
                response,
                () -> AbortMigrationResponse.newBuilder()
                        .setMigration(request.getMigration())
                        .addAllMigrations(ranges.operations().abort(request.getMigration(), request.getForce()))
                        .build());
    }

    private <T> void answer(String requestId, StreamObserver<T> response, Supplier<T> work) {
        if (requestId.isBlank() || requestId.indexOf('/') >= 0) {
            response.onError(Status.INVALID_ARGUMENT
                    .withDescription("a change needs a request_id without a slash, got \"" + requestId + '"')
                    .asRuntimeException());
            return;
        }
        onRegionThread.accept(() -> {
            try {
                if (!ranges.decides()) {
                    response.onError(elsewhere(ranges.dispatcherEndpoint()));
                    return;
                }
                response.onNext(work.get());
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

    private static StatusRuntimeException elsewhere(String endpoint) {
        if (endpoint.isEmpty()) {
            return Status.UNAVAILABLE
                    .withDescription("no node decides just now: partition 0 is served nowhere; ask again")
                    .asRuntimeException();
        }
        Metadata trailers = new Metadata();
        trailers.put(DISPATCHER, endpoint);
        return Status.FAILED_PRECONDITION
                .withDescription("another node decides, the one that serves partition 0: ask " + endpoint)
                .asRuntimeException(trailers);
    }
}
