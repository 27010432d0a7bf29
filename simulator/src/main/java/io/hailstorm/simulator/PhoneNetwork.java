package io.hailstorm.simulator;

import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.hailstorm.kernel.TimeSource;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.DriverServiceGrpc;
import org.jspecify.annotations.Nullable;

/** What all phones share: the way to the servers, the calendar, the counters and the ledger. */
final class PhoneNetwork {
    final CalendarQueue calendar;
    final Inbox inbox;
    final PhoneCounters counters;
    final ClientLedger ledger;
    final LedgerFile.@Nullable Writer ledgerFile;
    final long seed;
    final long firstSession;
    final Endpoints endpoints;
    final Pauses pauses;
    private final TokenSource tokens;
    private final TimeSource time;
    /** The last reason a stream was refused or lost, for the operator. */
    @Nullable
    Status lastFailure;

    PhoneNetwork(
            CalendarQueue calendar,
            Inbox inbox,
            PhoneCounters counters,
            ClientLedger ledger,
            LedgerFile.@Nullable Writer ledgerFile,
            SimulationConfig config,
            Endpoints endpoints,
            TokenSource tokens,
            TimeSource time,
            Pauses pauses) {
        this.calendar = calendar;
        this.inbox = inbox;
        this.counters = counters;
        this.ledger = ledger;
        this.ledgerFile = ledgerFile;
        this.seed = config.seed();
        this.firstSession = config.firstSession();
        this.endpoints = endpoints;
        this.tokens = tokens;
        this.time = time;
        this.pauses = pauses;
    }

    long nowNs() {
        return time.monotonicNs();
    }

    /** Opens a stream; everything that comes on it goes to the inbox with this generation. */
    ClientCallStreamObserver<DriveRequest> open(Phone phone, Channel channel, int generation) {
        StreamToInbox observer = new StreamToInbox(phone, generation);
        DriverServiceGrpc.newStub(channel)
                .withInterceptors(new BearerToken(tokens.token(TokenSource.Role.DRIVER, phone.driver())))
                .drive(observer);
        return observer.requests();
    }

    private final class StreamToInbox implements ClientResponseObserver<DriveRequest, DriveResponse> {
        private final Phone phone;
        private final int generation;
        private @Nullable ClientCallStreamObserver<DriveRequest> requests;

        StreamToInbox(Phone phone, int generation) {
            this.phone = phone;
            this.generation = generation;
        }

        ClientCallStreamObserver<DriveRequest> requests() {
            ClientCallStreamObserver<DriveRequest> observer = requests;
            if (observer == null) {
                throw new IllegalStateException("gRPC did not start the stream of driver " + phone.driver());
            }
            return observer;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<DriveRequest> requestStream) {
            requests = requestStream;
            requestStream.disableAutoRequestWithInitial(Inbox.STREAM_WINDOW);
            requestStream.setOnReadyHandler(() -> inbox.add(new Inbox.DriverStreamReady(phone, generation)));
        }

        @Override
        public void onNext(DriveResponse message) {
            inbox.add(new Inbox.FromDriverStream(phone, generation, message, time.monotonicNs(), pauses.nowNs()));
        }

        @Override
        public void onError(Throwable failure) {
            inbox.add(new Inbox.DriverStreamEnded(phone, generation, Status.fromThrowable(failure)));
        }

        @Override
        public void onCompleted() {
            inbox.add(new Inbox.DriverStreamEnded(phone, generation, Status.OK));
        }
    }
}
