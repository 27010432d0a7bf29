package io.hailstorm.pricing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RegionId;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.pricing.PriceUpdate.CellPrice;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QuoteIssuerTest {
    private static final long NOW_MS = 1_700_000_000_000L;
    private static final RiderId RIDER = new RiderId(42);
    private static final GeoPoint PICKUP = GeoPoint.ofDegrees(37.77, -122.43);
    private static final GeoPoint DROPOFF = GeoPoint.ofDegrees(37.79, -122.40);

    private final PriceBook prices = new PriceBook();
    private final QuoteIssuer issuer = issuer(key(1));

    @Test
    void pricesByTariffDistanceAndDuration() {
        Quote quote = issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1);

        // 3453 m great circle, × 1.3 by road, at 10 m/s: 4.489 km and 448.9 s.
        assertThat(quote.distanceMeters()).isBetween(4_400, 4_600);
        assertThat(quote.durationMs() / 100).isCloseTo(quote.distanceMeters(), within(1));
        long unrounded =
                250 + Math.round(quote.distanceMeters() * 0.11) + Math.round(quote.durationMs() * 35 / 60_000.0);
        assertThat(quote.fareMinorUnits()).isBetween(unrounded - 3, unrounded + 3);
        assertThat(quote.fareMinorUnits() % 5).isZero();
        assertThat(quote.multiplierMilli()).isEqualTo(1_000);
        assertThat(quote.priceVersion()).isZero();
        assertThat(quote.driverBonusMinorUnits()).isZero();
        assertThat(quote.expireTimeMs()).isEqualTo(NOW_MS + 120_000);
    }

    @Test
    void bindsToThePriceOfThePickupCellAndIsNeverPricedAgain() {
        surge(1, 1_500);
        Quote quote = issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1);
        surge(2, 2_500);

        assertThat(quote.priceVersion()).isEqualTo(1);
        assertThat(quote.multiplierMilli()).isEqualTo(1_500);
        assertThat(quote.driverBonusMinorUnits()).isEqualTo(200);
        assertThat(issuer.verify(quote, RIDER, NOW_MS + 1)).isEqualTo(new QuoteCheck.Valid());
        assertThat(issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 2).multiplierMilli())
                .isEqualTo(2_500);
    }

    @Test
    void keepsTheFirstPriceWhenAnUpdateIsDeliveredAgainOrLate() {
        surge(2, 2_000);
        surge(2, 1_500);
        surge(1, 1_200);
        assertThat(prices.multiplierMilli(pickupCell())).isEqualTo(2_000);
        assertThat(prices.latestVersion()).isEqualTo(2);
    }

    @Test
    void expiresAtTheEndOfItsTimeToLive() {
        Quote quote = issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1);
        assertThat(issuer.verify(quote, RIDER, NOW_MS + 119_999)).isEqualTo(new QuoteCheck.Valid());
        assertThat(issuer.verify(quote, RIDER, NOW_MS + 120_000))
                .isEqualTo(new QuoteCheck.Expired(NOW_MS + 120_000, NOW_MS + 120_000));
    }

    @Test
    void refusesAnotherRidersQuote() {
        Quote quote = issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1);
        assertThat(issuer.verify(quote, new RiderId(43), NOW_MS)).isEqualTo(new QuoteCheck.BadSignature());
    }

    @Test
    void refusesAQuoteSignedWithAnotherKey() {
        Quote quote = issuer(key(2)).issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1);
        assertThat(issuer.verify(quote, RIDER, NOW_MS)).isEqualTo(new QuoteCheck.BadSignature());
    }

    static List<UnaryOperator<Quote>> tamperings() {
        return List.of(
                q -> quote(q, "x", q.pickup(), q.dropoff(), q.fareMinorUnits(), q.currencyCode(), q.expireTimeMs()),
                q -> quote(
                        q, q.quoteId(), DROPOFF, q.dropoff(), q.fareMinorUnits(), q.currencyCode(), q.expireTimeMs()),
                q -> quote(q, q.quoteId(), q.pickup(), PICKUP, q.fareMinorUnits(), q.currencyCode(), q.expireTimeMs()),
                q -> quote(q, q.quoteId(), q.pickup(), q.dropoff(), 1, q.currencyCode(), q.expireTimeMs()),
                q -> quote(q, q.quoteId(), q.pickup(), q.dropoff(), q.fareMinorUnits(), "IDR", q.expireTimeMs()),
                q -> quote(
                        q, q.quoteId(), q.pickup(), q.dropoff(), q.fareMinorUnits(), q.currencyCode(), Long.MAX_VALUE),
                q -> tail(
                        q,
                        9,
                        q.multiplierMilli(),
                        q.distanceMeters(),
                        q.durationMs(),
                        q.driverBonusMinorUnits(),
                        q.signature()),
                q -> tail(
                        q,
                        q.priceVersion(),
                        900,
                        q.distanceMeters(),
                        q.durationMs(),
                        q.driverBonusMinorUnits(),
                        q.signature()),
                q -> tail(
                        q,
                        q.priceVersion(),
                        q.multiplierMilli(),
                        1,
                        q.durationMs(),
                        q.driverBonusMinorUnits(),
                        q.signature()),
                q -> tail(
                        q,
                        q.priceVersion(),
                        q.multiplierMilli(),
                        q.distanceMeters(),
                        1,
                        q.driverBonusMinorUnits(),
                        q.signature()),
                q -> tail(
                        q,
                        q.priceVersion(),
                        q.multiplierMilli(),
                        q.distanceMeters(),
                        q.durationMs(),
                        999,
                        q.signature()),
                q -> tail(
                        q,
                        q.priceVersion(),
                        q.multiplierMilli(),
                        q.distanceMeters(),
                        q.durationMs(),
                        q.driverBonusMinorUnits(),
                        Signature.of(Arrays.copyOf(q.signature().toBytes(), 16))),
                q -> tail(
                        q,
                        q.priceVersion(),
                        q.multiplierMilli(),
                        q.distanceMeters(),
                        q.durationMs(),
                        q.driverBonusMinorUnits(),
                        Signature.of(new byte[0])));
    }

    @ParameterizedTest
    @MethodSource("tamperings")
    void refusesAChangedQuote(UnaryOperator<Quote> tampering) {
        Quote changed = tampering.apply(issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1));
        assertThat(issuer.verify(changed, RIDER, NOW_MS)).isEqualTo(new QuoteCheck.BadSignature());
    }

    @Test
    void givesEveryQuoteItsOwnId() {
        assertThat(issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 1).quoteId())
                .isEqualTo("sf-1")
                .isNotEqualTo(issuer.issue(RIDER, PICKUP, DROPOFF, NOW_MS, 2).quoteId());
    }

    @Test
    void asksForTheMinimumFareOnAShortRide() {
        assertThat(issuer.issue(RIDER, PICKUP, PICKUP, NOW_MS, 1).fareMinorUnits())
                .isEqualTo(700);
    }

    @Test
    void roundsToWholeSteps() {
        Tariff tariff = new Tariff("USD", 0, 0, 0, 701, 5, 400);
        assertThat(tariff.fareMinorUnits(0, 0, 1_000)).isEqualTo(700);
        assertThat(tariff.fareMinorUnits(0, 0, 1_350)).isEqualTo(945);
        assertThat(new Tariff("USD", 0, 0, 0, 105, 50, 0).fareMinorUnits(0, 0, 2_500))
                .isEqualTo(250);
    }

    @Test
    void refusesAShortKeyAndABadTariff() {
        assertThatThrownBy(() -> new HmacSha256Signer(new byte[31]))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("at least 32 bytes, got 31");
        assertThatThrownBy(() -> new Tariff("usd", 0, 0, 0, 0, 5, 0)).isInstanceOf(HailstormException.class);
        assertThatThrownBy(() -> new Tariff("USD", 0, 0, 0, 0, 0, 0))
                .isInstanceOf(HailstormException.class)
                .hasMessageContaining("roundingMinorUnits=0");
    }

    private QuoteIssuer issuer(byte[] key) {
        return new QuoteIssuer(
                new RegionId("sf"),
                Cells.create(),
                prices,
                Tariff.usDefault(),
                TripEstimator.straightLine(1.3, 10),
                new HmacSha256Signer(key));
    }

    private void surge(long version, int multiplierMilli) {
        prices.apply(new PriceUpdate(version, NOW_MS, List.of(new CellPrice(pickupCell(), multiplierMilli))));
    }

    private static long pickupCell() {
        return PricingCells.cellOf(Cells.create(), PICKUP);
    }

    private static byte[] key(int fill) {
        byte[] key = new byte[32];
        Arrays.fill(key, (byte) fill);
        return key;
    }

    private static Quote quote(
            Quote q, String id, GeoPoint pickup, GeoPoint dropoff, long fare, String currency, long expireTimeMs) {
        return new Quote(
                id,
                q.rider(),
                pickup,
                dropoff,
                fare,
                currency,
                q.priceVersion(),
                q.multiplierMilli(),
                expireTimeMs,
                q.distanceMeters(),
                q.durationMs(),
                q.driverBonusMinorUnits(),
                q.signature());
    }

    private static Quote tail(
            Quote q, long version, int milli, int distance, int duration, long bonus, Signature signature) {
        return new Quote(
                q.quoteId(),
                q.rider(),
                q.pickup(),
                q.dropoff(),
                q.fareMinorUnits(),
                q.currencyCode(),
                version,
                milli,
                q.expireTimeMs(),
                distance,
                duration,
                bonus,
                signature);
    }
}
