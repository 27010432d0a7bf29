package io.hailstorm.log;

/** Counts since the log was opened. The log's thread. */
final class GeoCounters {
    private long sentBatchCount;
    private long copiedBatchCount;
    private long refusedBatchCount;
    private long fencedConfirmCount;
    private long refusedMessageCount;
    private long droppedMessageCount;
    private long takeoverCount;
    private long handBackCount;
    private long droppedCopyCount;
    private long joinedCopyCount;
    private long restartedCopyCount;

    void shipped(boolean sent) {
        sentBatchCount += sent ? 1 : 0;
    }

    void sent(boolean sent) {
        droppedMessageCount += sent ? 0 : 1;
    }

    void copied(boolean taken) {
        if (taken) {
            copiedBatchCount++;
        } else {
            refusedBatchCount++;
        }
    }

    void fencedConfirm() {
        fencedConfirmCount++;
    }

    void refusedMessage() {
        refusedMessageCount++;
    }

    void tookOver() {
        takeoverCount++;
    }

    void handedBack() {
        handBackCount++;
    }

    void droppedCopy() {
        droppedCopyCount++;
    }

    void joinedCopy() {
        joinedCopyCount++;
    }

    void restartedCopy() {
        restartedCopyCount++;
    }

    GeoStatus.Counters snapshot(long resentBatchCount) {
        return new GeoStatus.Counters(
                sentBatchCount,
                resentBatchCount,
                copiedBatchCount,
                refusedBatchCount,
                fencedConfirmCount,
                refusedMessageCount,
                droppedMessageCount,
                takeoverCount,
                handBackCount,
                droppedCopyCount,
                joinedCopyCount,
                restartedCopyCount);
    }
}
