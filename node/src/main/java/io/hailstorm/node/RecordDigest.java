package io.hailstorm.node;

import io.hailstorm.kernel.CounterRandom;
import org.agrona.DirectBuffer;

/** A hash over records of a log, one after the other; tells whether two copies hold the same. Stateless. */
final class RecordDigest {
    private RecordDigest() {}

    /** The digest of what came before and this record. */
    static long of(long before, long offset, int type, DirectBuffer buffer, int index, int length) {
        long digest = CounterRandom.mix(before ^ offset * 31 ^ type);
        int at = 0;
        for (; at + Long.BYTES <= length; at += Long.BYTES) {
            digest = (digest ^ buffer.getLong(index + at)) * 0x9E3779B97F4A7C15L;
            digest ^= digest >>> 29;
        }
        for (; at < length; at++) {
            digest = (digest ^ buffer.getByte(index + at)) * 0x9E3779B97F4A7C15L;
        }
        return digest;
    }
}
