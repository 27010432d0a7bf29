package io.hailstorm.kernel;

/**
 * Counter-based randomness: a pure function {@code h(seed, entity, step, stream)}, so the same draw
 * gives the same value on any thread, in any order. The mixer is SplitMix64's finaliser (Steele, Lea,
 * Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). No state, allocates nothing; {@link StrictMath}, so
 * that a draw is the same on every machine.
 */
public final class CounterRandom {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** SplitMix64's finaliser: a bijection on 64 bits. */
    public static long mix(long value) {
        long z = value + GOLDEN;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** 64 uniform bits for draw number {@code step} of {@code entity} in purpose {@code stream}. */
    public static long bits(long seed, long entity, long step, int stream) {
        return mix(mix(mix(seed ^ GOLDEN * (stream + 1L)) ^ entity) ^ step);
    }

    /** Uniform in [0, 1). */
    public static double uniform(long seed, long entity, long step, int stream) {
        return (bits(seed, entity, step, stream) >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [0, bound). {@code bound} must be positive. */
    public static int below(int bound, long seed, long entity, long step, int stream) {
        return (int) Math.multiplyHigh(bits(seed, entity, step, stream) >>> 1, (long) bound << 1);
    }

    /** Standard normal, by Box–Muller over two draws. */
    public static double gaussian(long seed, long entity, long step, int stream) {
        double u1 = 1.0 - uniform(seed, entity, step, stream);
        double u2 = (mix(bits(seed, entity, step, stream)) >>> 11) * 0x1.0p-53;
        return Math.sqrt(-2.0 * StrictMath.log(u1)) * StrictMath.cos(2.0 * Math.PI * u2);
    }

    /** Exponential with the given mean. */
    public static double exponential(double mean, long seed, long entity, long step, int stream) {
        return -mean * StrictMath.log(1.0 - uniform(seed, entity, step, stream));
    }
}
