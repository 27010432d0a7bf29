package io.hailstorm.simulator;

import io.grpc.Status;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * What the server said, on its way from gRPC's threads (any number) to the stepping thread. Bounded by the streams' flow
 * control: a stream asks for {@link #STREAM_WINDOW} messages ahead and for one more with each that is taken up here.
 */
final class Inbox {
    /** Messages of one stream that may be waiting here. */
    static final int STREAM_WINDOW = 64;

    sealed interface Inbound {}

    /**
     * @param generation of the phone's stream; one that is not the current is ignored
     * @param receivedNs by the clock of latencies
     * @param atNs by the clock of {@link Pauses}
     */
    record FromDriverStream(Phone phone, int generation, DriveResponse message, long receivedNs, long atNs)
            implements Inbound {}

    record DriverStreamReady(Phone phone, int generation) implements Inbound {}

    record DriverStreamEnded(Phone phone, int generation, Status status) implements Inbound {}

    /** @param attempt of the rider's call; one that is not the current is ignored */
    record QuoteAnswered(int rider, int attempt, Quote quote) implements Inbound {}

    record TripAnswered(int rider, int attempt, Trip trip) implements Inbound {}

    record CallFailed(int rider, int attempt, Status status) implements Inbound {}

    record CancelAnswered(int rider, Status status) implements Inbound {}

    record TripChanged(int rider, int watch, TripUpdate update) implements Inbound {}

    record WatchEnded(int rider, int watch, Status status) implements Inbound {}

    private final ConcurrentLinkedQueue<Inbound> queue = new ConcurrentLinkedQueue<>();

    void add(Inbound inbound) {
        queue.add(inbound);
    }

    @Nullable
    Inbound poll() {
        return queue.poll();
    }
}
