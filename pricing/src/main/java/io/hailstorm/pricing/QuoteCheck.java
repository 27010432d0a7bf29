package io.hailstorm.pricing;

/** Whether a quote that a rider hands back may be used. */
public sealed interface QuoteCheck {
    record Valid() implements QuoteCheck {}

    /** Genuine, but too old; a new quote is needed. */
    record Expired(long expireTimeMs, long nowMs) implements QuoteCheck {}

    /** Changed, made up, or issued to another rider. */
    record BadSignature() implements QuoteCheck {}
}
