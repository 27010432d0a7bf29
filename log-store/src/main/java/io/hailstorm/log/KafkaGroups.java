package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.log.KafkaPartitionState.GroupState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes of consumer groups, as compare-and-set in the log: a change names the version of the group that it saw, and is
 * void when another came first. So a change sent twice, or late, does no harm. Any thread; waits until the change was
 * read back.
 */
final class KafkaGroups {
    private final KafkaPartition partition;
    private final long processId;
    private final Patience patience;
    private final Map<Long, Attempt> attempts = new LinkedHashMap<>();
    private long attemptCount;

    /** How a calling thread gets at the log's state, and waits. */
    interface Patience {
        /** Runs under the log's lock. */
        <T> T underLock(Supplier<T> action);

        /**
         * Works the log, or lets another thread do so, until the condition holds.
         *
         * @return false when it took too long
         */
        boolean await(BooleanSupplier condition);
    }

    /** Makes the group's next state of its present one; null refuses. */
    private interface Change {
        @Nullable
        GroupState next(@Nullable GroupState last);
    }

    private static final class Attempt {
        private final byte[] frame;
        private volatile boolean judged;
        private volatile boolean valid;

        Attempt(byte[] frame) {
            this.frame = frame;
        }
    }

    KafkaGroups(KafkaPartition partition, long processId, Patience patience) {
        this.partition = partition;
        this.processId = processId;
        this.patience = patience;
    }

    boolean commit(String name, long nextOffset, long generation) {
        GroupFile.checkedName(name, nextOffset);
        return change(
                        name,
                        last -> last != null && generation < last.generation()
                                ? null
                                : new GroupState(version(last), generation, nextOffset))
                != null;
    }

    long join(String name, long firstOffset) {
        return begin(name, last -> last == null ? firstOffset : last.nextOffset(), firstOffset);
    }

    long reset(String name, long nextOffset) {
        return begin(name, last -> nextOffset, nextOffset);
    }

    private interface Position {
        long after(@Nullable GroupState last);
    }

    private long begin(String name, Position position, long checked) {
        GroupFile.checkedName(name, checked);
        GroupState begun = change(
                name,
                last -> new GroupState(version(last), last == null ? 1 : last.generation() + 1, position.after(last)));
        if (begun == null) {
            throw new IllegalStateException("a new generation is never refused");
        }
        return begun.generation();
    }

    private static long version(@Nullable GroupState last) {
        return last == null ? 0 : last.version();
    }

    private @Nullable GroupState change(String name, Change change) {
        while (true) {
            GroupState[] wanted = new GroupState[1];
            Attempt attempt = patience.underLock(() -> attempt(name, change, wanted));
            if (attempt == null) {
                return null;
            }
            if (!patience.await(() -> attempt.judged)) {
                patience.underLock(() -> attempts.values().remove(attempt));
                throw new HailstormException(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "group \"" + name + "\" of " + partition.topicPartition
                                + ": Kafka did not take the change in time; it may still come into force");
            }
            if (attempt.valid) {
                return wanted[0];
            }
        }
    }

    private @Nullable Attempt attempt(String name, Change change, GroupState[] wanted) {
        GroupState last = partition.state().group(name);
        if (last == null && partition.state().groups().size() >= GroupFile.GROUPS_MAX) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED,
                    "too many consumer groups: max=" + GroupFile.GROUPS_MAX + " in " + partition.topicPartition);
        }
        GroupState next = change.next(last);
        if (next == null) {
            return null;
        }
        wanted[0] = next;
        long number = ++attemptCount;
        Attempt attempt = new Attempt(
                new KafkaFrame.Group(processId, next.version(), number, next.generation(), next.nextOffset(), name)
                        .encode());
        attempts.put(number, attempt);
        partition.send(attempt.frame);
        return attempt;
    }

    /** Under the log's lock. */
    void onJudged(KafkaFrame.Group change, boolean valid) {
        Attempt attempt = change.processId() == processId ? attempts.remove(change.attempt()) : null;
        if (attempt != null) {
            attempt.valid = valid;
            attempt.judged = true;
        }
    }

    boolean isWaiting() {
        return !attempts.isEmpty();
    }

    void sendAgain() {
        attempts.values().forEach(attempt -> partition.send(attempt.frame));
    }
}
