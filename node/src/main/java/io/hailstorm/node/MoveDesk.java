package io.hailstorm.node;

import io.grpc.stub.StreamObserver;
import io.hailstorm.geo.PartitionMap;
import io.hailstorm.protocol.v1.Migration;
import io.hailstorm.protocol.v1.MoveRangeRequest;
import io.hailstorm.protocol.v1.MoveRangeResponse;
import java.util.List;

/** Where range moves are asked for and looked up: at the node that decides, in this process or another. */
interface MoveDesk {
    PartitionMap map();

    /** The latest ones, ended or not. */
    List<Migration> migrations();

    void move(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response);

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
            public void move(MoveRangeRequest request, StreamObserver<MoveRangeResponse> response) {
                node.admin().moveRange(request, response);
            }
        };
    }
}
