package io.hailstorm.pricing;

/** Signs quotes and knows its signatures again. Thread-safe, deterministic. */
public interface QuoteSigner {
    Signature sign(byte[] message);

    /** Takes the same time wherever the first wrong byte is. */
    boolean verify(byte[] message, Signature signature);
}
