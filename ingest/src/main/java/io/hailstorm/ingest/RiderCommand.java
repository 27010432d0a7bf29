package io.hailstorm.ingest;

import io.grpc.stub.StreamObserver;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.kernel.TripId;
import io.hailstorm.protocol.v1.CancelTripResponse;
import io.hailstorm.protocol.v1.NearbyResponse;
import io.hailstorm.protocol.v1.PriceUpdate;
import io.hailstorm.protocol.v1.Quote;
import io.hailstorm.protocol.v1.Trip;
import io.hailstorm.protocol.v1.TripUpdate;

/** A call that the region agent answers, with where the answer goes. */
sealed interface RiderCommand {
    record GetQuote(RiderId rider, GeoPoint pickup, GeoPoint dropoff, StreamObserver<Quote> reply)
            implements RiderCommand {}

    record RequestTrip(RiderId rider, String requestId, Quote quote, StreamObserver<Trip> reply)
            implements RiderCommand {}

    record CancelTrip(Principal caller, TripId trip, StreamObserver<CancelTripResponse> reply)
            implements RiderCommand {}

    record WatchTrip(Principal caller, TripId trip, Outbox<TripUpdate> outbox) implements RiderCommand {}

    record Nearby(GeoPoint point, int radiusMeters, int maxResults, StreamObserver<NearbyResponse> reply)
            implements RiderCommand {}

    record WatchPrices(PriceWatch watch) implements RiderCommand {}

    /** A stream of prices: which cells it wants, all when empty. */
    record PriceWatch(org.agrona.collections.LongHashSet cells, Outbox<PriceUpdate> outbox) {}
}
