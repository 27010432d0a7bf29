package io.hailstorm.node;

import com.google.protobuf.util.Timestamps;
import io.hailstorm.ingest.Quotes;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HybridLogicalClock;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.pricing.QuoteCheck;
import io.hailstorm.pricing.QuoteIssuer;
import io.hailstorm.pricing.Signature;
import io.hailstorm.protocol.v1.Quote;

/** The edge's quotes, answered by pricing. A quote's number is a clock reading: unique, also across restarts. */
final class QuotePort implements Quotes {
    private final QuoteIssuer issuer;
    private final HybridLogicalClock clock;

    QuotePort(QuoteIssuer issuer, HybridLogicalClock clock) {
        this.issuer = issuer;
        this.clock = clock;
    }

    @Override
    public Quote issue(RiderId rider, GeoPoint pickup, GeoPoint dropoff, long nowMs) {
        io.hailstorm.pricing.Quote quote = issuer.issue(rider, pickup, dropoff, nowMs, clock.next());
        Quote.Builder out = Quote.newBuilder()
                .setQuote(quote.quoteId())
                .setPickup(EventCodec.point(quote.pickup()))
                .setDropoff(EventCodec.point(quote.dropoff()))
                .setFareMinorUnits(quote.fareMinorUnits())
                .setCurrencyCode(quote.currencyCode())
                .setPriceVersion(quote.priceVersion())
                .setMultiplierMilli(quote.multiplierMilli())
                .setTripDistanceMeters(quote.distanceMeters())
                .setTripDurationMs(quote.durationMs())
                .setDriverBonusMinorUnits(quote.driverBonusMinorUnits())
                .setSignature(com.google.protobuf.ByteString.copyFrom(
                        quote.signature().toBytes()));
        out.setExpireTime(Timestamps.fromMillis(quote.expireTimeMs()));
        return out.build();
    }

    @Override
    public QuoteVerdict verify(RiderId rider, Quote quote, long nowMs) {
        long expireTimeMs = Timestamps.toMillis(quote.getExpireTime());
        io.hailstorm.pricing.Quote handedIn = new io.hailstorm.pricing.Quote(
                quote.getQuote(),
                rider,
                EventCodec.point(quote.getPickup()),
                EventCodec.point(quote.getDropoff()),
                quote.getFareMinorUnits(),
                quote.getCurrencyCode(),
                quote.getPriceVersion(),
                quote.getMultiplierMilli(),
                expireTimeMs,
                quote.getTripDistanceMeters(),
                quote.getTripDurationMs(),
                quote.getDriverBonusMinorUnits(),
                Signature.of(quote.getSignature().toByteArray()));
        return switch (issuer.verify(handedIn, rider, nowMs)) {
            case QuoteCheck.Valid valid -> new QuoteVerdict.Valid();
            case QuoteCheck.Expired expired -> new QuoteVerdict.Expired(expired.expireTimeMs());
            case QuoteCheck.BadSignature bad -> new QuoteVerdict.BadSignature();
        };
    }
}
