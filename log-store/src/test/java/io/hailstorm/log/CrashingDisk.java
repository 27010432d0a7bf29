package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.kernel.testing.FaultyDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/** A faulty disk that stops working at the n-th thing asked of it that changes anything: the moment the process died. */
final class CrashingDisk implements Disk {
    /** The process is dead; whoever catches this is a test. */
    static final class Crash extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Crash() {
            super("the process died here");
        }
    }

    private final FaultyDisk disk;
    private long stepsLeft;

    CrashingDisk(FaultyDisk disk, long stepsUntilCrash) {
        this.disk = disk;
        stepsLeft = stepsUntilCrash;
    }

    private void step() {
        if (stepsLeft <= 0) {
            throw new Crash();
        }
        stepsLeft--;
    }

    @Override
    public void createDirectories(Path directory) {
        step();
        disk.createDirectories(directory);
    }

    @Override
    public List<String> list(Path directory) {
        return disk.list(directory);
    }

    @Override
    public Preallocation preallocate(Path path, int lengthBytes) {
        step();
        Preallocation allocation = disk.preallocate(path, lengthBytes);
        return new Preallocation() {
            @Override
            public boolean step(int bytesMax) {
                CrashingDisk.this.step();
                return allocation.step(bytesMax);
            }

            @Override
            public MappedFile open() {
                return new Mapping(allocation.open());
            }

            @Override
            public void abandon() {
                allocation.abandon();
            }
        };
    }

    @Override
    public MappedFile open(Path path, Access access) {
        return new Mapping(disk.open(path, access));
    }

    @Override
    public void rename(Path from, Path to) {
        step();
        disk.rename(from, to);
    }

    @Override
    public void delete(Path path) {
        step();
        disk.delete(path);
    }

    @Override
    public void syncDirectory(Path directory) {
        step();
        disk.syncDirectory(directory);
    }

    @Override
    public void writeAtomically(Path path, byte[] content) {
        step();
        disk.writeAtomically(path, content);
    }

    @Override
    public Optional<byte[]> readAll(Path path) {
        return disk.readAll(path);
    }

    @Override
    public Lock lock(Path path) {
        return disk.lock(path);
    }

    private final class Mapping implements MappedFile {
        private final MappedFile file;

        Mapping(MappedFile file) {
            this.file = file;
        }

        @Override
        public int lengthBytes() {
            return file.lengthBytes();
        }

        @Override
        public UnsafeBuffer buffer() {
            return file.buffer();
        }

        @Override
        public ByteBuffer duplicate() {
            return file.duplicate();
        }

        @Override
        public void force(int offset, int lengthBytes) {
            step();
            file.force(offset, lengthBytes);
        }

        @Override
        public void writeAgain(int offset, int lengthBytes) {
            file.writeAgain(offset, lengthBytes);
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
