package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.MappedFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
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
 *   trailer, at 30720: magic "HAILGRP1" | format version i32 | zeros          (files without it are of version 1)
 * </pre>
 *
 * <p>Group k has slots 2k and 2k+1; the one with the higher version that checks out counts. Any thread.
 */
final class GroupFile {
    static final String FILE_NAME = "groups";
    static final int GROUPS_MAX = 120;
    static final int NAME_BYTES_MAX = 80;
    static final int FORMAT_VERSION = 1;

    /** "HAILGRP1" in file order. */
    static final long MAGIC = 0x31505247_4C494148L;

    static final int SLOT_LENGTH = 128;
    private static final int NAME_LENGTH_OFFSET = 4;
    private static final int VERSION_OFFSET = 8;
    private static final int GENERATION_OFFSET = 16;
    private static final int NEXT_OFFSET_OFFSET = 24;
    private static final int NAME_OFFSET = 32;
    static final int FILE_LENGTH = 8 * Disk.PAGE_BYTES;
    static final int TRAILER_OFFSET = 2 * GROUPS_MAX * SLOT_LENGTH;

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

    /** @throws HailstormException {@code FAILED_PRECONDITION} for a file that a newer Hailstorm wrote */
    static GroupFile open(Disk disk, Path directory) {
        GroupFile opened = new GroupFile(disk, directory);
        if (disk.list(directory).contains(FILE_NAME)) {
            MappedFile mapped = disk.open(directory.resolve(FILE_NAME), Disk.Access.READ_WRITE);
            opened.file = mapped;
            opened.groups.putAll(parse(mapped.buffer(), directory));
        }
        return opened;
    }

    /** The groups another process sees. */
    static Map<String, Group> readOnly(Disk disk, Path directory) {
        if (!disk.list(directory).contains(FILE_NAME)) {
            return Map.of();
        }
        try (MappedFile mapped = disk.open(directory.resolve(FILE_NAME), Disk.Access.READ_ONLY)) {
            return parse(mapped.buffer(), directory);
        }
    }

    private static Map<String, Group> parse(DirectBuffer buffer, Path directory) {
        if (buffer.capacity() < FILE_LENGTH) {
            throw corrupt(directory, "the file is too short");
        }
        refuseNewer(buffer, directory);
        if (!lostGroups(buffer).isEmpty()) {
            throw corrupt(directory, "neither slot of a group checks out");
        }
        Map<String, Group> found = new HashMap<>();
        for (int slot = 0; slot < 2 * GROUPS_MAX; slot++) {
            int at = slot * SLOT_LENGTH;
            if (checksOut(buffer, slot)) {
                byte[] name = new byte[buffer.getInt(at + NAME_LENGTH_OFFSET)];
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

    private static HailstormException corrupt(Path directory, String reason) {
        return new HailstormException(
                ErrorCode.DATA_LOSS,
                "corrupt log: file=" + directory.resolve(FILE_NAME) + ": " + reason
                        + "; restore this file from a copy, or run \"hailstorm log repair\" and set the group's"
                        + " position");
    }

    private static boolean checksOut(DirectBuffer buffer, int slot) {
        int at = slot * SLOT_LENGTH;
        int nameLength = buffer.getInt(at + NAME_LENGTH_OFFSET);
        return nameLength > 0 && nameLength <= NAME_BYTES_MAX && buffer.getInt(at) == crc(buffer, at);
    }

    /**
     * Indices of groups with content in both slots, none of which checks out: a crash tears only the slot being written.
     * One torn slot beside an empty one is a first commit that was never answered.
     */
    static List<Integer> lostGroups(DirectBuffer buffer) {
        List<Integer> lost = new ArrayList<>();
        for (int index = 0; index < GROUPS_MAX; index++) {
            boolean sound = checksOut(buffer, 2 * index) || checksOut(buffer, 2 * index + 1);
            if (!sound && hasContent(buffer, 2 * index) && hasContent(buffer, 2 * index + 1)) {
                lost.add(index);
            }
        }
        return lost;
    }

    private static boolean hasContent(DirectBuffer buffer, int slot) {
        for (int at = slot * SLOT_LENGTH; at < (slot + 1) * SLOT_LENGTH; at += Long.BYTES) {
            if (buffer.getLong(at) != 0) {
                return true;
            }
        }
        return false;
    }

    /** The name a damaged slot seems to hold. */
    static String nameIn(MappedFile file, int index) {
        int at = 2 * index * SLOT_LENGTH;
        byte[] name = new byte[NAME_BYTES_MAX];
        file.buffer().getBytes(at + NAME_OFFSET, name);
        String text = new String(name, StandardCharsets.US_ASCII)
                .chars()
                .filter(c -> c > ' ' && c < 127 && c != '"' && c != '\\')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return text.isEmpty() ? "group number " + index : "what seems to be group " + text;
    }

    /** A first commit that was torn, or a repair, leaves an index free. */
    private int freeIndex() {
        BitSet taken = new BitSet(GROUPS_MAX);
        groups.values().forEach(group -> taken.set(group.index));
        return taken.nextClearBit(0);
    }

    private static void refuseNewer(DirectBuffer buffer, Path directory) {
        int version = buffer.getLong(TRAILER_OFFSET) == MAGIC ? buffer.getInt(TRAILER_OFFSET + Long.BYTES) : 1;
        if (version > FORMAT_VERSION) {
            throw new HailstormException(
                    ErrorCode.FAILED_PRECONDITION,
                    directory.resolve(FILE_NAME) + ": written by a newer Hailstorm: version=" + version
                            + ", understood up to " + FORMAT_VERSION);
        }
    }

    private static int crc(DirectBuffer buffer, int slotAt) {
        return SegmentDescriptor.crc(buffer, slotAt + NAME_LENGTH_OFFSET, slotAt + NAME_OFFSET + NAME_BYTES_MAX);
    }

    synchronized boolean commit(String name, long nextOffset, long generation) {
        byte[] nameBytes = checkedName(name, nextOffset);
        Group last = groups.get(name);
        if (last != null && generation < last.generation) {
            return false;
        }
        put(name, nameBytes, last, nextOffset, generation);
        return true;
    }

    synchronized long join(String name, long firstOffset) {
        Group last = groups.get(name);
        return reset(name, last == null ? firstOffset : last.nextOffset);
    }

    synchronized long reset(String name, long nextOffset) {
        byte[] nameBytes = checkedName(name, nextOffset);
        Group last = groups.get(name);
        long generation = last == null ? 1 : last.generation + 1;
        put(name, nameBytes, last, nextOffset, generation);
        return generation;
    }

    /**
     * Takes groups back to the end of a log that lost an unsynced tail they had read, which a stream acknowledged from
     * memory may: otherwise they would pass over the records that take those offsets next.
     */
    synchronized void cutTo(long endOffset) {
        for (Map.Entry<String, Group> entry : List.copyOf(groups.entrySet())) {
            Group group = entry.getValue();
            if (group.nextOffset > endOffset) {
                byte[] name = entry.getKey().getBytes(StandardCharsets.UTF_8);
                put(entry.getKey(), name, group, endOffset, group.generation);
            }
        }
    }

    /** The name's bytes, once name and position were found to be ones a group can have. */
    static byte[] checkedName(String name, long nextOffset) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        if (nameBytes.length == 0 || nameBytes.length > NAME_BYTES_MAX) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "group name: expected 1.." + NAME_BYTES_MAX + " bytes, got \"" + name + "\"");
        }
        if (nextOffset < 0) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    "position of group \"" + name + "\": expected 0 or more, got " + nextOffset);
        }
        return nameBytes;
    }

    private void put(String name, byte[] nameBytes, @Nullable Group last, long nextOffset, long generation) {
        if (last == null && groups.size() == GROUPS_MAX) {
            throw new HailstormException(
                    ErrorCode.RESOURCE_EXHAUSTED, "too many consumer groups: max=" + GROUPS_MAX + " in " + directory);
        }
        if (failed) {
            throw new HailstormException(
                    ErrorCode.UNAVAILABLE, "group commits stopped: an earlier sync failed in " + directory);
        }
        Group next = last == null
                ? new Group(freeIndex(), 0, generation, nextOffset)
                : new Group(last.index, last.version + 1, generation, nextOffset);
        store(next, nameBytes);
        groups.put(name, next);
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
        created.buffer().putLong(TRAILER_OFFSET, MAGIC);
        created.buffer().putInt(TRAILER_OFFSET + Long.BYTES, FORMAT_VERSION);
        created.force(TRAILER_OFFSET, SLOT_LENGTH);
        disk.rename(temporary, directory.resolve(FILE_NAME));
        disk.syncDirectory(directory);
        file = created;
        return created;
    }

    synchronized long committed(String name) {
        Group group = groups.get(name);
        return group == null ? PartitionReader.NULL_OFFSET : group.nextOffset;
    }

    synchronized long generation(String name) {
        Group group = groups.get(name);
        return group == null ? 0 : group.generation;
    }

    synchronized List<GroupPosition> positions() {
        return positions(groups);
    }

    static List<GroupPosition> positions(Map<String, Group> groups) {
        return groups.entrySet().stream()
                .map(entry ->
                        new GroupPosition(entry.getKey(), entry.getValue().generation, entry.getValue().nextOffset))
                .sorted(Comparator.comparing(GroupPosition::group))
                .toList();
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
