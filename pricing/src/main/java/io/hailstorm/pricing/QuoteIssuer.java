package io.hailstorm.pricing;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.pricing.TripEstimator.TripEstimate;

/** Issues signed quotes at the pickup cell's price, and checks them when they come back. Any thread. */
public final class QuoteIssuer {
    public static final long QUOTE_TTL_MS = 120_000;

    private final RegionId region;
    private final Cells cells;
    private final PriceBook prices;
    private final Tariff tariff;
    private final TripEstimator estimator;
    private final QuoteSigner signer;

    public QuoteIssuer(
            RegionId region,
            Cells cells,
            PriceBook prices,
            Tariff tariff,
            TripEstimator estimator,
            QuoteSigner signer) {
        this.region = region;
        this.cells = cells;
        this.prices = prices;
        this.tariff = tariff;
        this.estimator = estimator;
        this.signer = signer;
    }

    /**
     * Issues a quote.
     *
     * @param pickup valid coordinates; the caller has checked that the region serves them
     * @param quoteNumber unique in the region, across restarts
     */
    public Quote issue(RiderId rider, GeoPoint pickup, GeoPoint dropoff, long nowMs, long quoteNumber) {
        PriceBook.Price price = prices.price(PricingCells.cellOf(cells, pickup));
        TripEstimate trip = estimator.estimate(pickup, dropoff);
        String quoteId = region + "-" + Long.toUnsignedString(quoteNumber, 36);
        long fare = tariff.fareMinorUnits(trip.distanceMeters(), trip.durationMs(), price.multiplierMilli());
        long bonus = tariff.driverBonusMinorUnits(price.multiplierMilli());
        long expireTimeMs = nowMs + QUOTE_TTL_MS;
        byte[] message = QuoteDescriptor.encode(
                quoteId,
                rider,
                pickup,
                dropoff,
                fare,
                tariff.currencyCode(),
                price.version(),
                price.multiplierMilli(),
                expireTimeMs,
                trip.distanceMeters(),
                trip.durationMs(),
                bonus);
        return new Quote(
                quoteId,
                rider,
                pickup,
                dropoff,
                fare,
                tariff.currencyCode(),
                price.version(),
                price.multiplierMilli(),
                expireTimeMs,
                trip.distanceMeters(),
                trip.durationMs(),
                bonus,
                signer.sign(message));
    }

    /**
     * Checks a quote that came back. Prices published since do not matter: an issued quote is never re-priced.
     *
     * @param rider who presents it, from the token; whoever the quote names is not believed
     */
    public QuoteCheck verify(Quote quote, RiderId rider, long nowMs) {
        byte[] message = QuoteDescriptor.encode(
                quote.quoteId(),
                rider,
                quote.pickup(),
                quote.dropoff(),
                quote.fareMinorUnits(),
                quote.currencyCode(),
                quote.priceVersion(),
                quote.multiplierMilli(),
                quote.expireTimeMs(),
                quote.distanceMeters(),
                quote.durationMs(),
                quote.driverBonusMinorUnits());
        if (!signer.verify(message, quote.signature())) {
            return new QuoteCheck.BadSignature();
        }
        return nowMs < quote.expireTimeMs()
                ? new QuoteCheck.Valid()
                : new QuoteCheck.Expired(quote.expireTimeMs(), nowMs);
    }
}
