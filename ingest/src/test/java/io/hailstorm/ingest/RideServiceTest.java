package io.hailstorm.ingest;

import static io.hailstorm.ingest.EdgeHarness.EAST;
import static io.hailstorm.ingest.EdgeHarness.PARIS;
import static io.hailstorm.ingest.EdgeHarness.WEST;
import static io.hailstorm.ingest.EdgeHarness.point;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.RecordBatch;
import io.hailstorm.protocol.v1.CancelTripRequest;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.DriveResponse;
import io.hailstorm.protocol.v1.Event;
import io.hailstorm.protocol.v1.GetQuoteRequest;
import io.hailstorm.protocol.v1.MatchingStarted;
import io.hailstorm.protocol.v1.OfferEnded;
import io.hailstorm.protocol.v1.OfferMade;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.RequestTripRequest;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripAccepted;
import io.hailstorm.protocol.v1.TripCompleted;
import io.hailstorm.protocol.v1.TripState;
import io.hailstorm.protocol.v1.TripUpdate;
import io.hailstorm.protocol.v1.WatchTripRequest;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a rider sees, and what a driver sees of the rider's trip. */
class RideServiceTest {
    private static final long RIDER = 7;
    private static final long DRIVER = 42;

    private final EdgeHarness edge = new EdgeHarness();

    @AfterEach
    void close() {
        edge.close();
    }

    /** Keeps what a call answered. */
    private static final class Reply<T> implements StreamObserver<T> {
        final List<T> messages = new ArrayList<>();

        @Nullable
        Status failure;

        boolean completed;

        @Override
        public void onNext(T message) {
            messages.add(message);
        }

        @Override
        public void onError(Throwable error) {
            failure = Status.fromThrowable(error);
        }

        @Override
        public void onCompleted() {
            completed = true;
        }

        Status.Code code() {
            return failure == null ? Status.Code.OK : failure.getCode();
        }
    }

    private Reply<Quote> quoteCall(GeoPoint pickup) {
        Reply<Quote> reply = new Reply<>();
        edge.rider(RIDER)
                .getQuote(
                        GetQuoteRequest.newBuilder()
                                .setPickup(point(pickup))
                                .setDropoff(point(EAST))
                                .build(),
                        reply);
        edge.turn();
        return reply;
    }

    private Quote quote() {
        return quoteCall(WEST).messages.getFirst();
    }

    private Reply<Trip> request(long rider, String requestId, Quote quote) {
        Reply<Trip> reply = new Reply<>();
        edge.rider(rider)
                .requestTrip(
                        RequestTripRequest.newBuilder()
                                .setRequestId(requestId)
                                .setQuote(quote)
                                .build(),
                        reply);
        return reply;
    }

    private String trip() {
        Reply<Trip> reply = request(RIDER, "r1", quote());
        edge.turn();
        edge.feedTrips();
        return reply.messages.getFirst().getTrip();
    }

    private void append(Event.Builder event) {
        byte[] bytes = event.setEventId(edge.time.epochMs() + edge.trips().size())
                .setTimeMs(edge.time.epochMs())
                .build()
                .toByteArray();
        RecordBatch batch = new RecordBatch(4096).begin(1, 0, 0, 0, 1);
        batch.add(2, new UnsafeBuffer(bytes), 0, bytes.length);
        edge.log.partition(StreamName.TRIPS, 0).append(batch);
        edge.log.sync();
        edge.feedTrips();
    }

    private static Event.Builder offer(String trip, long expireMs) {
        return Event.newBuilder()
                .setOfferMade(OfferMade.newBuilder()
                        .setTrip(trip)
                        .setOffer(9)
                        .setDriver(DRIVER)
                        .setExpireTimeMs(expireMs)
                        .setFareMinorUnits(1234));
    }

    @Test
    void answersATripRequestOnceItIsDurable() {
        Quote quote = quote();
        Reply<Trip> reply = request(RIDER, "r1", quote);
        edge.agent.doWork(edge.time.epochMs());
        edge.agent.doWork(edge.time.epochMs());
        assertThat(reply.messages).isEmpty();

        edge.turn();
        assertThat(reply.completed).isTrue();
        assertThat(reply.messages.getFirst().getState()).isEqualTo(TripState.REQUESTED);
        assertThat(edge.trips().getLast().getTripRequested().getFareMinorUnits())
                .isEqualTo(1234);
    }

    @Test
    void asksNothingTwiceForTheSameRequestId() {
        Quote quote = quote();
        Reply<Trip> first = request(RIDER, "r1", quote);
        Reply<Trip> atOnce = request(RIDER, "r1", quote);
        edge.turn();
        edge.time.advanceMs(EdgeHarness.QUOTE_TTL_MS * 2);
        Reply<Trip> later = request(RIDER, "r1", quote);
        edge.turn();

        assertThat(edge.trips().stream().filter(Event::hasTripRequested)).hasSize(1);
        String trip = first.messages.getFirst().getTrip();
        assertThat(atOnce.messages.getFirst().getTrip()).isEqualTo(trip);
        assertThat(later.messages.getFirst().getTrip()).isEqualTo(trip);
    }

    @Test
    void refusesBadQuotesAndBadPickups() {
        Quote quote = quote();
        Reply<Trip> ofAnother = request(RIDER + 1, "r1", quote);
        edge.turn();
        assertThat(ofAnother.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);

        edge.pickupVerdict = PickupPolicy.Verdict.NO_PICKUP_ZONE;
        Reply<Trip> noPickup = request(RIDER, "r2", quote);
        edge.turn();
        assertThat(noPickup.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);

        edge.time.advanceMs(EdgeHarness.QUOTE_TTL_MS * 2);
        Reply<Trip> expired = request(RIDER, "r3", quote);
        edge.turn();
        assertThat(expired.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);

        assertThat(quoteCall(PARIS).code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(quoteCall(new GeoPoint(0, 0)).code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(request(RIDER, "", quote).code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void offersReachTheDriverAndHisAnswerReachesTheLog() {
        EdgeHarness.Phone phone = edge.phone(DRIVER, 1);
        edge.turn();
        String trip = trip();
        append(offer(trip, edge.time.epochMs() + 15_000));

        assertThat(phone.received.getLast().getOffer().getTrip()).isEqualTo(trip);
        phone.requests.onNext(DriveRequest.newBuilder()
                .setOfferReply(OfferReply.newBuilder().setTrip(trip).setOffer(9).setAnswer(OfferReply.Answer.ACCEPT))
                .build());
        edge.turn();
        assertThat(edge.trips())
                .anySatisfy(event -> assertThat(event.getOfferAnswered())
                        .satisfies(answer -> assertThat(answer.getDriver()).isEqualTo(DRIVER))
                        .satisfies(answer -> assertThat(answer.getAccepted()).isTrue()));
    }

    @Test
    void aDriverWhoReconnectsGetsTheLiveOfferAgainButNoExpiredOne() {
        String trip = trip();
        append(offer(trip, edge.time.epochMs() + 15_000));
        EdgeHarness.Phone phone = edge.phone(DRIVER, 1);
        edge.turn();
        assertThat(phone.received).anyMatch(DriveResponse::hasOffer);

        edge.time.advanceMs(20_000);
        EdgeHarness.Phone late = edge.phone(DRIVER, 2);
        edge.turn();
        assertThat(late.received).noneMatch(DriveResponse::hasOffer);
    }

    @Test
    void watchTripTellsTheStateNowAndEveryChangeUntilTheEnd() {
        String trip = trip();
        Reply<TripUpdate> watch = new Reply<>();
        edge.rider(RIDER).watchTrip(WatchTripRequest.newBuilder().setTrip(trip).build(), watch);
        edge.turn();
        append(Event.newBuilder()
                .setMatchingStarted(MatchingStarted.newBuilder().setTrip(trip)));
        append(offer(trip, edge.time.epochMs() + 15_000));
        append(Event.newBuilder()
                .setOfferEnded(OfferEnded.newBuilder().setTrip(trip).setOffer(9).setDriver(DRIVER)));
        append(offer(trip, edge.time.epochMs() + 15_000));
        append(Event.newBuilder()
                .setTripAccepted(
                        TripAccepted.newBuilder().setTrip(trip).setOffer(9).setDriver(DRIVER)));
        append(Event.newBuilder()
                .setTripCompleted(TripCompleted.newBuilder().setTrip(trip).setDriver(DRIVER)));

        assertThat(watch.messages)
                .extracting(TripUpdate::getState)
                .containsExactly(
                        TripState.REQUESTED,
                        TripState.MATCHING,
                        TripState.OFFERED,
                        TripState.MATCHING,
                        TripState.OFFERED,
                        TripState.ACCEPTED,
                        TripState.COMPLETED);
        assertThat(watch.messages.getLast().getDriver()).isEqualTo(DRIVER);
        assertThat(watch.completed).isTrue();
        assertThat(edge.agent.tripFeed().openTripCount()).isZero();
    }

    @Test
    void cancelsOnlyTheRidersOwnTrip() {
        String trip = trip();
        Reply<CancelTripResponse> other = new Reply<>();
        edge.rider(RIDER + 1)
                .cancelTrip(CancelTripRequest.newBuilder().setTrip(trip).build(), other);
        Reply<CancelTripResponse> own = new Reply<>();
        edge.rider(RIDER)
                .cancelTrip(CancelTripRequest.newBuilder().setTrip(trip).build(), own);
        edge.turn();

        assertThat(other.code()).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(own.completed).isTrue();
        assertThat(edge.trips().stream().filter(Event::hasTripCancelRequested)).hasSize(1);
    }

    @Test
    void refusesCallsBeyondTheRate() {
        Reply<Quote> reply = new Reply<>();
        for (int i = 0; i <= edge.config.riderCallBurst(); i++) {
            reply = quoteCall(WEST);
        }
        assertThat(reply.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void keepsCommandsWhileTheLogIsUnderBackPressure() {
        Quote quote = quote();
        edge.log.backPressured = true;
        Reply<Trip> reply = request(RIDER, "r1", quote);
        edge.turn();
        assertThat(reply.messages).isEmpty();
        edge.log.backPressured = false;
        edge.turn();
        assertThat(reply.completed).isTrue();
    }
}
