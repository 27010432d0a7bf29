package io.hailstorm.ingest;

import io.hailstorm.kernel.GeoPoint;
import io.hailstorm.kernel.RiderId;
import io.hailstorm.protocol.v1.Quote;

/** Port to pricing: issues signed quotes and checks them. Called on the region agent's thread only. */
public interface Quotes {
    /** A signed quote for a ride from a point inside the region. */
    Quote issue(RiderId rider, GeoPoint pickup, GeoPoint dropoff, long nowMs);

    /** Whether this rider may ride at this quote's price now. */
    QuoteVerdict verify(RiderId rider, Quote quote, long nowMs);

    /** What a look at a quote says. */
    sealed interface QuoteVerdict {
        record Valid() implements QuoteVerdict {}

        /** Genuine, but past its time to live. */
        record Expired(long expireTimeMs) implements QuoteVerdict {}

        /** Altered, of another rider, or not of this deployment. */
        record BadSignature() implements QuoteVerdict {}
    }
}
