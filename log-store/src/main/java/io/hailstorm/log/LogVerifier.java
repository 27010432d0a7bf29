package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks every durable byte of a data directory's log and reports; changes nothing. May run beside a node: what lies
 * above the durable mark is not judged, since it may be half written.
 */
public final class LogVerifier {
    private static final int RECORDS_PER_READ = 1 << 16;

    private LogVerifier() {}

    /** What was found; no problems means that every record below the durable mark checks out. */
    public record Report(List<PartitionReport> partitions, List<Problem> problems) {
        public boolean ok() {
            return problems.isEmpty();
        }

        public long recordCount() {
            return partitions.stream().mapToLong(PartitionReport::recordCount).sum();
        }

        public long payloadBytes() {
            return partitions.stream().mapToLong(PartitionReport::payloadBytes).sum();
        }

        /** Records that are gone, known and accounted for; the log is sound without them. */
        public long quarantinedRecordCount() {
            return partitions.stream()
                    .mapToLong(PartitionReport::quarantinedRecordCount)
                    .sum();
        }
    }

    /**
     * One partition's counts, as far as they check out.
     *
     * @param quarantinedRecordCount offsets whose records a repair moved to quarantine
     */
    public record PartitionReport(
            StreamName stream,
            int partition,
            int segmentCount,
            long startOffset,
            long durableOffset,
            long recordCount,
            long payloadBytes,
            long quarantinedRecordCount) {}

    /** One thing wrong; the message names file and position. */
    public record Problem(StreamName stream, int partition, String message) {}

    /** @throws HailstormException {@code NOT_FOUND} when the directory holds no log */
    public static Report verify(Disk disk, Path dataDir) {
        return verify(disk, dataDir, LogKeyset.NONE);
    }

    /** @param keyset records it can decrypt are decrypted and counted; of the others only the checksum is checked */
    public static Report verify(Disk disk, Path dataDir, LogKeyset keyset) {
        Path directory = dataDir.resolve(EmbeddedLog.DIRECTORY_NAME);
        if (disk.list(directory).isEmpty()) {
            throw new HailstormException(
                    ErrorCode.NOT_FOUND, "no log in " + dataDir + ": expected a directory \"log\"; check --data-dir");
        }
        List<PartitionReport> reports = new ArrayList<>();
        List<Problem> problems = new ArrayList<>();
        for (StreamName stream : StreamName.values()) {
            for (String name : disk.list(directory.resolve(stream.text()))) {
                if (name.chars().allMatch(Character::isDigit)) {
                    int partition = Integer.parseInt(name);
                    Path path = EmbeddedLog.partitionDirectory(directory, stream, partition);
                    verifyPartition(disk, stream, partition, path, keyset, reports, problems);
                }
            }
        }
        return new Report(List.copyOf(reports), List.copyOf(problems));
    }

    private static void verifyPartition(
            Disk disk,
            StreamName stream,
            int partition,
            Path directory,
            LogKeyset keyset,
            List<PartitionReport> reports,
            List<Problem> problems) {
        ReadOnlyPartition reader;
        try {
            reader = new ReadOnlyPartition(disk, stream, partition, directory, keyset);
            reader.chain().codec().checksOnly();
        } catch (HailstormException e) {
            problems.add(new Problem(stream, partition, message(e)));
            return;
        }
        Counter counter = new Counter();
        long start = reader.startOffset();
        long durable = start;
        try {
            // The checkpoint first: the mark only grows, so a node at work cannot make it look too low.
            long checkpointed = Checkpoint.read(disk, directory)
                    .map(Checkpoint::durableOffset)
                    .orElse(0L);
            durable = reader.durableOffset();
            checkGroups(disk, directory);
            if (durable < checkpointed) {
                problems.add(new Problem(
                        stream,
                        partition,
                        "corrupt log: " + directory + ": durable mark " + durable + " is below the checkpoint's "
                                + checkpointed + "; a segment is missing or was replaced"));
            }
            start = reader.startOffset();
            walk(reader.chain(), start, durable, counter);
        } catch (HailstormException e) {
            problems.add(new Problem(stream, partition, message(e)));
        } finally {
            reports.add(new PartitionReport(
                    stream,
                    partition,
                    reader.chain().segments().length,
                    start,
                    durable,
                    counter.recordCount,
                    counter.payloadBytes,
                    counter.quarantinedRecordCount));
            reader.close();
        }
    }

    /** A commit in progress tears one slot of a group, never both, so that a node at work does not look damaged. */
    private static void checkGroups(Disk disk, Path directory) {
        var _ = GroupFile.readOnly(disk, directory);
    }

    private static void walk(SegmentChain chain, long start, long durable, Counter counter) {
        long next = start;
        while (next < durable) {
            long reached = chain.read(next, durable, RECORDS_PER_READ, counter);
            if (reached == next) {
                throw new HailstormException(
                        ErrorCode.DATA_LOSS,
                        "corrupt log: no segment holds offset " + next + ", durable is " + durable);
            }
            next = reached;
        }
    }

    private static String message(HailstormException e) {
        return String.valueOf(e.getMessage());
    }

    private static final class Counter implements RecordHandler {
        private long recordCount;
        private long payloadBytes;
        private long quarantinedRecordCount;

        @Override
        public void onGap(long fromOffset, long toOffsetExclusive) {
            quarantinedRecordCount += toOffsetExclusive - fromOffset;
        }

        @Override
        public boolean onRecord(
                long offset, long hlc, int type, org.agrona.DirectBuffer buffer, int index, int length) {
            recordCount++;
            payloadBytes += length;
            return true;
        }
    }
}
