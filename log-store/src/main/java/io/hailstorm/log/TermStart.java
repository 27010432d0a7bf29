package io.hailstorm.log;

/**
 * A term in which a partition of a log of regions was written.
 *
 * @param startOffset of its first record, or where that would have been
 */
public record TermStart(long term, long startOffset) {}
