package io.hailstorm.ingest;

import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import io.hailstorm.protocol.v1.RiderServiceGrpc;

/**
 * The edge's services as plain objects, for a caller that is its own transport: it sets {@link Principal#CONTEXT_KEY} and hands in
 * {@link io.grpc.stub.ServerCallStreamObserver}s. {@link IngestServer} puts the same ones behind a listener.
 */
public final class EdgeServices {
    private EdgeServices() {}

    public static DriverServiceGrpc.DriverServiceImplBase drivers(IngestAgent agent, TimeSource time) {
        return new DriveService(agent.hub(), time);
    }

    public static RiderServiceGrpc.RiderServiceImplBase riders(IngestAgent agent, TimeSource time) {
        return new RideService(new CallDesk(agent.hub(), time));
    }
}
