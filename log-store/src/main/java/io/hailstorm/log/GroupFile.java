package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Positions of consumer groups, each in two slots written in turn, so that a torn write leaves the previous position.
 *
 * <pre>
 *   slot:  0        4        8                16               24               32                    112    128
 *          +--------+--------+----------------+----------------+----------------+---------------------+------+
 *          | crc32c |nameLen |    version     |   generation   |   nextOffset   |  name, 80 bytes     |      |
 *          +--------+--------+----------------+----------------+----------------+---------------------+------+
 * </pre>
 *
 * <p>Group k has slots 2k and 2k+1; the one with the higher version that checks out counts. Any thread.
 */
final class GroupFile {
    static final String FILE_NAME = "groups";
    static final int GROUPS_MAX = 120;
    static final int NAME_BYTES_MAX = 80;

    private static final int SLOT_LENGTH = 128;
    private static final int NAME_LENGTH_OFFSET = 4;
    private static final int VERSION_OFFSET = 8;
    private static final int GENERATION_OFFSET = 16;
    private static final int NEXT_OFFSET_OFFSET = 24;
    private static final int NAME_OFFSET = 32;
    private static final int FILE_LENGTH = 8 * Disk.PAGE_BYTES;

    private final Disk disk;
    private final Path directory;
    private final Map<String, Group> groups = new HashMap<>();
    private @Nullable MappedFile file;
    private boolean failed;

    /** A group's last commit. */
    record Group(int index, long version, long generation, long nextOffset) {}

    private GroupFile(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    static GroupFile open(Disk disk, Path directory) {
        GroupFile opened = new GroupFile(disk, directory);
        if (disk.list(directory).contains(FILE_NAME)) {
            MappedFile mapped = disk.open(directory.resolve(FILE_NAME), Disk.Access.READ_WRITE);
            opened.file = mapped;
            opened.groups.putAll(parse(mapped.buffer()));
        }
        return opened;
    }

    /** The groups another process sees. */
    static Map<String, Group> readOnly(Disk disk, Path directory) {
        if (!disk.list(directory).contains(FILE_NAME)) {
            return Map.of();
        }
        try (MappedFile mapped = disk.open(directory.resolve(FILE_NAME), Disk.Access.READ_ONLY)) {
            return parse(mapped.buffer());
        }
    }

    private static Map<String, Group> parse(DirectBuffer buffer) {
        Map<String, Group> found = new HashMap<>();
        for (int slot = 0; slot < 2 * GROUPS_MAX; slot++) {
            int at = slot * SLOT_LENGTH;
            int nameLength = buffer.getInt(at + NAME_LENGTH_OFFSET);
            if (nameLength > 0 && nameLength <= NAME_BYTES_MAX && buffer.getInt(at) == crc(buffer, at)) {
                byte[] name = new byte[nameLength];
                buffer.getBytes(at + NAME_OFFSET, name);
                Group group = new Group(
                        slot / 2,
                        buffer.getLong(at + VERSION_OFFSET),
                        buffer.getLong(at + GENERATION_OFFSET),
                        buffer.getLong(at + NEXT_OFFSET_OFFSET));
                found.merge(new String(name, StandardCharsets.UTF_8), group, (a, b) -> a.version > b.version ? a : b);
            }
        }
        return found;
    }

    private static int crc(DirectBuffer buffer, int slotAt) {
        return SegmentDescriptor.crc(buffer, slotAt + NAME_LENGTH_OFFSET, slotAt + NAME_OFFSET + NAME_BYTES_MAX);
    }

    synchronized boolean commit(String name, long nextOffset, long generation) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length == 0 || nameBytes.length > NAME_BYTES_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "group name: expected 1.." + NAME_BYTES_MAX + " bytes, got \"" + name + "\"");
        }
        Group last = groups.get(name);
        if (last != null && generation < last.generation) {
            return false;
        }
        if (last == null && groups.size() == GROUPS_MAX) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED, "too many consumer groups: max=" + GROUPS_MAX + " in " + directory);
        }
        if (failed) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "group commits stopped: an earlier sync failed in " + directory);
        }
        Group next = last == null
                ? new Group(groups.size(), 0, generation, nextOffset)
                : new Group(last.index, last.version + 1, generation, nextOffset);
        store(next, nameBytes);
        groups.put(name, next);
        return true;
    }

    private void store(Group group, byte[] name) {
        MappedFile to = file == null ? create() : file;
        UnsafeBuffer buffer = to.buffer();
        int at = (2 * group.index + (int) (group.version & 1)) * SLOT_LENGTH;
        buffer.setMemory(at, SLOT_LENGTH, (byte) 0);
        buffer.putLong(at + VERSION_OFFSET, group.version);
        buffer.putLong(at + GENERATION_OFFSET, group.generation);
        buffer.putLong(at + NEXT_OFFSET_OFFSET, group.nextOffset);
        buffer.putBytes(at + NAME_OFFSET, name);
        buffer.putInt(at + NAME_LENGTH_OFFSET, name.length);
        buffer.putInt(at, crc(buffer, at));
        failed = true;
        to.force(at, SLOT_LENGTH);
        failed = false;
    }

    private MappedFile create() {
        disk.createDirectories(directory);
        Path temporary = directory.resolve(FILE_NAME + ".tmp");
        Disk.Preallocation allocation = disk.preallocate(temporary, FILE_LENGTH);
        allocation.step(FILE_LENGTH);
        MappedFile created = allocation.open();
        disk.rename(temporary, directory.resolve(FILE_NAME));
        disk.syncDirectory(directory);
        file = created;
        return created;
    }

    synchronized long committed(String name) {
        Group group = groups.get(name);
        return group == null ? PartitionReader.NULL_OFFSET : group.nextOffset;
    }

    /** Position of the slowest group; {@link Long#MAX_VALUE} without groups. */
    synchronized long slowest() {
        return groups.values().stream().mapToLong(Group::nextOffset).min().orElse(Long.MAX_VALUE);
    }

    synchronized void close() {
        if (file != null) {
            file.close();
            file = null;
        }
        failed = true;
    }
}
