package io.hailstorm.log;

/**
 * Counters of the Kafka engine since the log was opened.
 *
 * @param voidCount frames read that no reader sees: of replaced owners, sent twice, claims that came second
 * @param sentAgainCount batches given to Kafka more than once
 * @param renewalCount producers replaced after a failure
 * @param fencedCount partitions lost to another's claim
 * @param lag frames in Kafka that were fetched for but not read yet
 * @param oldestWaitNs how long the oldest batch appended here has been waiting to be read back; a node cut off from Kafka
 *     shows here
 * @param caughtUp whether everything was read that Kafka had when the log was opened
 */
public record KafkaLogStats(
        long voidCount,
        long sentAgainCount,
        long renewalCount,
        long fencedCount,
        long lag,
        long oldestWaitNs,
        boolean caughtUp) {}
