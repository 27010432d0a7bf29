package io.hailstorm.migration;

import java.util.Arrays;

/** Packs the small numbers of a state into longs, and takes them out in the same order. */
final class ModelBits {
    private final long[] words;
    private int bit;

    ModelBits(int wordCount) {
        words = new long[wordCount];
    }

    /** To the beginning; for packing, cleared. */
    ModelBits clear() {
        Arrays.fill(words, 0);
        bit = 0;
        return this;
    }

    long[] words() {
        return words;
    }

    ModelBits rewind(long[] from, int offset) {
        System.arraycopy(from, offset, words, 0, words.length);
        bit = 0;
        return this;
    }

    /** A number of 0 to 2^bitCount - 1. */
    void put(long value, int bitCount) {
        if (bitCount < Long.SIZE && value >>> bitCount != 0) {
            throw new IllegalArgumentException(value + " does not fit into " + bitCount + " bits");
        }
        int word = bit / Long.SIZE;
        int shift = bit % Long.SIZE;
        words[word] |= value << shift;
        if (shift + bitCount > Long.SIZE) {
            words[word + 1] |= value >>> (Long.SIZE - shift);
        }
        bit += bitCount;
    }

    long take(int bitCount) {
        int word = bit / Long.SIZE;
        int shift = bit % Long.SIZE;
        long value = words[word] >>> shift;
        if (shift + bitCount > Long.SIZE) {
            value |= words[word + 1] << (Long.SIZE - shift);
        }
        bit += bitCount;
        return bitCount == Long.SIZE ? value : value & ((1L << bitCount) - 1);
    }

    int takeInt(int bitCount) {
        return (int) take(bitCount);
    }
}
