package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.StreamName;
import java.nio.file.Path;
import java.util.List;

/** A partition as another process sees it. Finds new segments, and lets go of deleted ones, when asked how far it goes. */
final class ReadOnlyPartition implements PartitionReader {
    private final Disk disk;
    private final StreamName stream;
    private final int partition;
    private final Path directory;
    private final SegmentChain chain;

    ReadOnlyPartition(Disk disk, StreamName stream, int partition, Path directory, LogKeyset keyset) {
        this.disk = disk;
        this.stream = stream;
        this.partition = partition;
        this.directory = directory;
        chain = new SegmentChain(stream, partition, keyset);
        refresh();
    }

    private void refresh() {
        List<String> names = disk.list(directory).stream()
                .filter(SegmentDescriptor::isFileName)
                .toList();
        for (String name : names) {
            Segment[] known = chain.segments();
            long baseOffset = SegmentDescriptor.baseOffsetOf(name);
            if (known.length == 0 || baseOffset > known[known.length - 1].baseOffset) {
                openSegment(directory.resolve(name), baseOffset);
            }
        }
        while (chain.segments().length > 1
                && !names.isEmpty()
                && chain.startOffset() < SegmentDescriptor.baseOffsetOf(names.get(0))) {
            chain.removeFirst().release();
        }
    }

    private void openSegment(Path path, long baseOffset) {
        MappedFile file;
        try {
            file = disk.open(path, Disk.Access.READ_ONLY);
        } catch (HailstormException e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return; // retention was faster
            }
            throw e;
        }
        Segment segment = new Segment(path, baseOffset, file);
        SegmentHeader.refuseForeign(segment, stream, partition);
        chain.add(segment);
    }

    SegmentChain chain() {
        return chain;
    }

    @Override
    public StreamName stream() {
        return stream;
    }

    @Override
    public int partition() {
        return partition;
    }

    @Override
    public long startOffset() {
        return chain.startOffset();
    }

    @Override
    public long durableOffset() {
        refresh();
        Segment[] segments = chain.segments();
        for (int i = segments.length - 1; i >= 0; i--) {
            if (!SegmentHeader.isBlank(segments[i].buffer)) {
                long mark = SegmentDescriptor.readMark(segments[i].buffer);
                if (mark < 0) {
                    throw segments[i].corrupt(SegmentDescriptor.MARK_OFFSET, "the durable mark does not check out");
                }
                if (mark > segments[i].baseOffset || i == 0) {
                    return mark;
                }
            }
        }
        return 0;
    }

    @Override
    public long read(long fromOffset, int maxRecords, RecordHandler handler) {
        return chain.read(fromOffset, durableOffset(), maxRecords, handler);
    }

    @Override
    public long offsetAtOrAfter(long hlc) {
        return chain.offsetAtOrAfter(hlc, durableOffset());
    }

    @Override
    public long committed(String group) {
        GroupFile.Group found = GroupFile.readOnly(disk, directory).get(group);
        return found == null ? NULL_OFFSET : found.nextOffset();
    }

    @Override
    public List<GroupPosition> groups() {
        return GroupFile.positions(GroupFile.readOnly(disk, directory));
    }

    void close() {
        chain.closeAll();
    }
}
