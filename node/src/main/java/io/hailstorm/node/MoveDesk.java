package io.hailstorm.node;

import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.protocol.v1.MergePartitionsRequest;
import io.hailstorm.protocol.v1.MergePartitionsResponse;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import io.hailstorm.protocol.v1.SplitPartitionRequest;
import io.hailstorm.protocol.v1.SplitPartitionResponse;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Where changes of ownership are asked for and looked up: at the node that decides, in this process or another. */
interface MoveDesk {
    /** What became of something asked for; any thread. */
    interface Answer {
        /** @param migrations that make it up, in the order in which they begin */
        void onBegun(List<String> migrations);

        void onRefused(Throwable reason);
    }

    PartitionMap map();

    /** The latest ones, ended or not. */
    List<Migration> migrations();

    /** Asks for something by its own service. */
    void send(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response);

    void send(SplitPartitionRequest request, StreamObserver<SplitPartitionResponse> response);

    void send(MergePartitionsRequest request, StreamObserver<MergePartitionsResponse> response);

    default void move(String id, Set<Long> cells, int target, Answer answer) {
        MoveRangeRequest.Builder request =
                MoveRangeRequest.newBuilder().setRequestId(id).setTargetPartition(target);
        cells.forEach(cell -> request.addCells(Long.toHexString(cell)));
        send(request.build(), new Response<>(answer, MoveRangeResponse::getMigrationsList));
    }

    default void split(String id, int partition, Answer answer) {
        send(
                SplitPartitionRequest.newBuilder()
                        .setRequestId(id)
                        .setPartition(partition)
                        .build(),
                new Response<>(answer, SplitPartitionResponse::getMigrationsList));
    }

    default void merge(String id, int from, int into, Answer answer) {
        send(
                MergePartitionsRequest.newBuilder()
                        .setRequestId(id)
                        .setFromPartition(from)
                        .setIntoPartition(into)
                        .build(),
                new Response<>(answer, MergePartitionsResponse::getMigrationsList));
    }

    /** Tells an answer what a service says. */
    record Response<T>(Answer answer, Function<T, List<String>> migrations) implements StreamObserver<T> {
        @Override
        public void onNext(T value) {
            answer.onBegun(List.copyOf(migrations.apply(value)));
        }

        @Override
        public void onError(Throwable failure) {
            answer.onRefused(failure);
        }

        @Override
        public void onCompleted() {}
    }

    /** The desk of a node of this process. */
    static MoveDesk of(HailstormNode node) {
        return new MoveDesk() {
            @Override
            public PartitionMap map() {
                return node.core().ranges().map();
            }

            @Override
            public List<Migration> migrations() {
                return node.core().ranges().migrations();
            }

            @Override
            public void send(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response) {
                node.admin().moveRange(request, response);
            }

            @Override
            public void send(SplitPartitionRequest request, StreamObserver<SplitPartitionResponse> response) {
                node.admin().splitPartition(request, response);
            }

            @Override
            public void send(MergePartitionsRequest request, StreamObserver<MergePartitionsResponse> response) {
                node.admin().mergePartitions(request, response);
            }
        };
    }
}
