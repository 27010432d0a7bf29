package io.hailstorm.node;

import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.AdminServiceGrpc;
import io.hailstorm.protocol.v1.MergePartitionsRequest;
import io.hailstorm.protocol.v1.MergePartitionsResponse;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.PartitionRanges;
import io.hailstorm.protocol.v1.ShowRangesRequest;
import io.hailstorm.protocol.v1.ShowRangesResponse;
import io.hailstorm.protocol.v1.SplitPartitionRequest;
import io.hailstorm.protocol.v1.SplitPartitionResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** The desk of a node elsewhere. What it shows is what the node said last; looking never waits, but asks again. */
final class RemoteMoves implements MoveDesk {
    private static final long ASK_EVERY_NS = 5_000_000;
    private static final long CALL_S = 5;

    private final Supplier<Channel> decider;
    private final Supplier<String> token;
    private final TimeSource wall;
    private final AtomicBoolean isAsking = new AtomicBoolean();
    private final AtomicLong askedNs = new AtomicLong();
    private volatile PartitionMap map = PartitionMap.of(0, 1, Map.of());
    private volatile List<Migration> migrations = List.of();

    /**
     * @param decider the channel to the node that decides just now
     * @param token an operator's
     */
    RemoteMoves(Supplier<Channel> decider, Supplier<String> token, TimeSource wall) {
        this.decider = decider;
        this.token = token;
        this.wall = wall;
        askedNs.set(wall.monotonicNs() - ASK_EVERY_NS);
    }

    @Override
    public PartitionMap map() {
        look();
        return map;
    }

    @Override
    public List<Migration> migrations() {
        look();
        return migrations;
    }

    @Override
    public void send(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response) {
        stub().moveRange(request, response);
    }

    @Override
    public void send(SplitPartitionRequest request, StreamObserver<SplitPartitionResponse> response) {
        stub().splitPartition(request, response);
    }

    @Override
    public void send(MergePartitionsRequest request, StreamObserver<MergePartitionsResponse> response) {
        stub().mergePartitions(request, response);
    }

    private AdminServiceGrpc.AdminServiceStub stub() {
        Metadata headers = new Metadata();
        headers.put(AdminGate.AUTHORIZATION, AdminGate.SCHEME + token.get());
        return AdminServiceGrpc.newStub(decider.get())
                .withDeadlineAfter(CALL_S, TimeUnit.SECONDS)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    private void look() {
        if (wall.monotonicNs() - askedNs.get() < ASK_EVERY_NS || !isAsking.compareAndSet(false, true)) {
            return;
        }
        askedNs.set(wall.monotonicNs());
        stub().showRanges(ShowRangesRequest.getDefaultInstance(), new StreamObserver<>() {
            @Override
            public void onNext(ShowRangesResponse shown) {
                take(shown);
            }

            @Override
            public void onError(Throwable failure) {
                isAsking.set(false);
            }

            @Override
            public void onCompleted() {
                isAsking.set(false);
            }
        });
    }

    private void take(ShowRangesResponse shown) {
        if (shown.getMapEpoch() != map.epoch() || map.cells().isEmpty()) {
            Map<Long, Integer> owners = new HashMap<>();
            for (PartitionRanges ranges : shown.getPartitionsList()) {
                ranges.getCellsList()
                        .forEach(cell -> owners.put(Long.parseUnsignedLong(cell, 16), ranges.getPartition()));
            }
            map = PartitionMap.of(shown.getMapEpoch(), shown.getPartitionsCount(), owners);
        }
        migrations = shown.getMigrationsList();
    }
}
