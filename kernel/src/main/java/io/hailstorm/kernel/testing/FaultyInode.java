package io.hailstorm.kernel.testing;

import static io.hailstorm.kernel.Disk.PAGE_BYTES;
import static io.hailstorm.kernel.Disk.SECTOR_BYTES;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * A file's bytes on a {@link FaultyDisk}, apart from its names: the volatile image, which processes see, the durable one,
 * and what a failed sync or a crash makes of them. Under the disk's lock; the mapped bytes are not.
 */
final class FaultyInode {
    final int length;
    private final boolean isOnHeap;
    final ByteBuffer bytes;
    final UnsafeBuffer live;
    final byte[] durable;
    /** Pages a failed sync lost: marked clean with this content, and not written until they change or are written again. */
    private final Map<Integer, byte[]> lost = new HashMap<>();

    /** @param isOnHeap whether the bytes are the garbage collector's: cheaper to make and forget by the thousand */
    FaultyInode(int length, boolean isOnHeap) {
        this.length = length;
        this.isOnHeap = isOnHeap;
        // One more byte than needed keeps an empty file a valid direct buffer.
        int bytesLength = Math.max(1, length);
        bytes = isOnHeap ? ByteBuffer.allocate(bytesLength) : ByteBuffer.allocateDirect(bytesLength);
        live = new UnsafeBuffer(bytes);
        durable = new byte[length];
    }

    int pageCount() {
        return (length + PAGE_BYTES - 1) / PAGE_BYTES;
    }

    private int pageLength(int page) {
        return Math.min(PAGE_BYTES, length - page * PAGE_BYTES);
    }

    void force(int offset, int forcedLength) {
        for (int page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + forcedLength; page++) {
            writeBackPage(page);
        }
    }

    void writeBackPage(int page) {
        byte[] lostContent = lost.get(page);
        if (lostContent == null || !Arrays.equals(lostContent, pageContent(page))) {
            live.getBytes(page * PAGE_BYTES, durable, page * PAGE_BYTES, pageLength(page));
            lost.remove(page);
        }
    }

    void lose(int offset, int lostLength) {
        for (int page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + lostLength; page++) {
            lost.put(page, pageContent(page));
        }
    }

    /** The pages are dirty, whatever a failed sync made of them. */
    void writeAgain(int offset, int againLength) {
        for (int page = offset / PAGE_BYTES; page * PAGE_BYTES < offset + againLength; page++) {
            lost.remove(page);
        }
    }

    private byte[] pageContent(int page) {
        byte[] content = new byte[pageLength(page)];
        live.getBytes(page * PAGE_BYTES, content);
        return content;
    }

    FaultyInode copy() {
        FaultyInode copy = new FaultyInode(length, isOnHeap);
        live.getBytes(0, copy.durable);
        copy.live.putBytes(0, copy.durable);
        return copy;
    }

    FaultyInode afterCrash(Random random) {
        FaultyInode copy = new FaultyInode(length, isOnHeap);
        System.arraycopy(durable, 0, copy.durable, 0, length);
        for (int page = 0; page < pageCount(); page++) {
            int fate = random.nextInt(3);
            for (int at = page * PAGE_BYTES; at < Math.min(length, (page + 1) * PAGE_BYTES); at += SECTOR_BYTES) {
                boolean written = fate == 1 || (fate == 2 && random.nextBoolean());
                if (written && !lost.containsKey(page)) {
                    live.getBytes(at, copy.durable, at, Math.min(SECTOR_BYTES, length - at));
                }
            }
        }
        copy.live.putBytes(0, copy.durable);
        return copy;
    }
}
