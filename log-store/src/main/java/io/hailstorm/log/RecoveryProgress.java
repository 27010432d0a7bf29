package io.hailstorm.log;

import io.hailstorm.kernel.StreamName;

/** Told how far opening a log has come. Called on the opening thread, at least once for every 16 MiB checked. */
@FunctionalInterface
public interface RecoveryProgress {
    RecoveryProgress SILENT = (stream, partition, doneBytes, totalBytes) -> {};

    /** @param totalBytes at most so many are to be checked in this partition; the log may end earlier */
    void onChecked(StreamName stream, int partition, long doneBytes, long totalBytes);
}
