package io.hailstorm.node;

import io.grpc.Context;
import io.hailstorm.ingest.Principal;
import io.hailstorm.ingest.Role;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.protocol.v1.CancelTripRequest;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.Point;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.RiderServiceGrpc.RiderServiceImplBase;
import io.hailstorm.protocol.v1.Trip;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Riders of a simulated world: each gets a quote, asks for a trip, asks again when nobody answers, and may cancel. */
final class WorldRiders {
    private static final long FIRST_RIDER = 9_000;
    private static final long PATIENCE_MS = 1_500;
    private static final long PAUSE_MS_MAX = 4_000;

    private final World world;
    private final SplittableRandom random;
    private final List<Rider> riders = new ArrayList<>();

    WorldRiders(World world, int count, SplittableRandom random) {
        this.world = world;
        this.random = random;
        for (int i = 0; i < count; i++) {
            riders.add(new Rider(FIRST_RIDER + i));
        }
    }

    /** One of them does one thing. */
    void act(long nowMs) {
        if (!riders.isEmpty()) {
            riders.get(random.nextInt(riders.size())).act(nowMs);
        }
    }

    /** An answer, when it has come. */
    private static final class Answer<T> extends WorldObserver<T> {
        private @Nullable T value;
        private boolean isOver;

        @Override
        public void onNext(T answer) {
            value = answer;
        }

        @Override
        public void onError(Throwable failure) {
            isOver = true;
        }

        @Override
        public void onCompleted() {
            isOver = true;
        }
    }

    private final class Rider {
        private final long id;
        private int requestNumber;
        private long actFromMs;
        private long askedMs;
        private @Nullable Answer<Quote> quoting;
        private @Nullable Quote quote;
        private @Nullable Answer<Trip> requesting;

        Rider(long id) {
            this.id = id;
        }

        void act(long nowMs) {
            if (nowMs < actFromMs) {
                return;
            }
            Answer<Quote> quoteAnswer = quoting;
            Answer<Trip> tripAnswer = requesting;
            Quote held = quote;
            if (tripAnswer != null) {
                onTrip(tripAnswer, nowMs);
            } else if (held != null) {
                request(held, nowMs);
            } else if (quoteAnswer != null) {
                quote = quoteAnswer.value;
                if (quoteAnswer.isOver || nowMs - askedMs > PATIENCE_MS) {
                    quoting = null;
                }
            } else {
                askForQuote(nowMs);
            }
        }

        private void askForQuote(long nowMs) {
            Answer<Quote> answer = new Answer<>();
            GetQuoteRequest question = GetQuoteRequest.newBuilder()
                    .setPickup(somewhere())
                    .setDropoff(somewhere())
                    .build();
            if (call(service -> service.getQuote(question, answer))) {
                quoting = answer;
                askedMs = nowMs;
            } else {
                actFromMs = nowMs + 100;
            }
        }

        /** Under the same number until it is answered, at whatever region. */
        private void request(Quote held, long nowMs) {
            Answer<Trip> answer = new Answer<>();
            RequestTripRequest question = RequestTripRequest.newBuilder()
                    .setRequestId("r" + requestNumber)
                    .setQuote(held)
                    .build();
            if (call(service -> service.requestTrip(question, answer))) {
                requesting = answer;
                askedMs = nowMs;
            } else {
                actFromMs = nowMs + 100;
            }
        }

        private void onTrip(Answer<Trip> answer, long nowMs) {
            Trip trip = answer.value;
            if (trip != null) {
                world.note("rider " + id + " has " + trip.getTrip());
                if (random.nextInt(3) == 0) {
                    CancelTripRequest question = CancelTripRequest.newBuilder()
                            .setTrip(trip.getTrip())
                            .build();
                    call(service -> service.cancelTrip(question, new Answer<CancelTripResponse>()));
                }
                begin(nowMs);
            } else if (answer.isOver) {
                begin(nowMs);
            } else if (nowMs - askedMs > PATIENCE_MS) {
                requesting = null;
            }
        }

        private void begin(long nowMs) {
            requestNumber++;
            quoting = null;
            quote = null;
            requesting = null;
            actFromMs = nowMs + random.nextLong(PAUSE_MS_MAX);
        }

        private Point somewhere() {
            GeoPoint at = WorldPlace.INSTANCE.point(random.nextInt(101), random.nextInt(101));
            return Point.newBuilder().setLatE7(at.latE7()).setLonE7(at.lonE7()).build();
        }

        /** Whether there was somebody to call. */
        private boolean call(Consumer<RiderServiceImplBase> call) {
            RiderServiceImplBase service = world.riderService(random.nextInt(world.nodeCount()));
            if (service == null) {
                return false;
            }
            Context context =
                    Context.ROOT.withValue(Principal.CONTEXT_KEY, new Principal(Role.RIDER, id, Long.MAX_VALUE));
            Context former = context.attach();
            try {
                call.accept(service);
            } finally {
                context.detach(former);
            }
            return true;
        }
    }
}
