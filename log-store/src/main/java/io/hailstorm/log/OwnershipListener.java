package io.hailstorm.log;

/**
 * Learns which partitions this process may append to. Called on the thread that runs {@link Log#doWork}, inside it; a
 * callback must return quickly and may not call back into {@link Log#doWork}.
 *
 * <pre>
 *            onAcquired            onReleasing             onLost
 *   foreign ────────────► owned ────────────► releasing ────────► foreign
 *                           └──────────────────────────────────────▲
 *                              onLost: another owner's claim was read
 * </pre>
 */
public interface OwnershipListener {
    /**
     * This process is the partition's writer on every stream: everything its earlier owners appended is readable here, and
     * {@link PartitionLog#append} accepts.
     */
    void onAcquired(int partition, long ownerEpoch);

    /**
     * The partition is to be handed over: {@link PartitionLog#append} answers {@link PartitionLog#FENCED} from here on.
     * What was appended before still becomes durable, and may be acknowledged, until {@link #onLost}.
     */
    void onReleasing(int partition);

    /**
     * The partition is somebody else's, or nobody's. What this process appended and {@link PartitionReader#durableOffset}
     * does not cover by now is void: it will never be in the log, and may not be acknowledged.
     */
    void onLost(int partition);

    /** Listens to nothing. */
    OwnershipListener NOBODY = new OwnershipListener() {
        @Override
        public void onAcquired(int partition, long ownerEpoch) {}

        @Override
        public void onReleasing(int partition) {}

        @Override
        public void onLost(int partition) {}
    };
}
