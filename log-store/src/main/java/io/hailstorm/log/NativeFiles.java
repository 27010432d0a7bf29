package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The two calls of Linux that Java has no word for. Where they are missing, or refused by a file system, callers fall
 * back on plain writes. Any thread.
 */
@SuppressWarnings("restricted") // calling the operating system is what this class is for
final class NativeFiles {
    private static final int O_RDWR = 2;
    private static final int MADV_POPULATE_WRITE = 23;
    private static final int EIO = 5;
    private static final int EFAULT = 14;
    private static final int EINVAL = 22;
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Optional<Calls> CALLS = Calls.find();

    private static volatile boolean populates = true;

    private NativeFiles() {}

    private record Calls(MethodHandle open, MethodHandle close, MethodHandle fallocate, MethodHandle madvise) {
        static Optional<Calls> find() {
            if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
                return Optional.empty();
            }
            ValueLayout.OfInt anInt = ValueLayout.JAVA_INT;
            ValueLayout.OfLong aLong = ValueLayout.JAVA_LONG;
            return handle("open", FunctionDescriptor.of(anInt, ValueLayout.ADDRESS, anInt, anInt), 2)
                    .flatMap(open -> handle("close", FunctionDescriptor.of(anInt, anInt), -1)
                            .flatMap(close -> handle(
                                            "fallocate", FunctionDescriptor.of(anInt, anInt, anInt, aLong, aLong), -1)
                                    .flatMap(fallocate -> handle(
                                                    "madvise", FunctionDescriptor.of(anInt, aLong, aLong, anInt), -1)
                                            .map(madvise -> new Calls(open, close, fallocate, madvise)))));
        }

        private static Optional<MethodHandle> handle(String name, FunctionDescriptor type, int firstVariadic) {
            Linker linker = Linker.nativeLinker();
            Linker.Option errno = Linker.Option.captureCallState("errno");
            return linker.defaultLookup()
                    .find(name)
                    .map(address -> firstVariadic < 0
                            ? linker.downcallHandle(address, type, errno)
                            : linker.downcallHandle(
                                    address, type, errno, Linker.Option.firstVariadicArg(firstVariadic)));
        }
    }

    /**
     * Gives an existing file this many bytes of real blocks that read as zeros, without writing them.
     *
     * @return false where that is not to be had, and the file is as it was
     * @throws HailstormException {@code RESOURCE_EXHAUSTED} when the disk is full
     */
    static boolean allocate(Path path, int lengthBytes) {
        if (CALLS.isEmpty()) {
            return false;
        }
        Calls calls = CALLS.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            int descriptor = (int) calls.open.invokeExact(state, arena.allocateFrom(path.toString()), O_RDWR, 0);
            if (descriptor < 0) {
                return false;
            }
            try {
                int answer = (int) calls.fallocate.invokeExact(state, descriptor, 0, 0L, (long) lengthBytes);
                int errno = (int) ERRNO.get(state, 0L);
                if (answer != 0 && (errno == ENOSPC || errno == EDQUOT)) {
                    throw new HailstormException(
                            ErrorCode.RESOURCE_EXHAUSTED,
                            "cannot allocate " + lengthBytes + " bytes for " + path
                                    + ": no space left on device; free space on that file system");
                }
                return answer == 0;
            } finally {
                int ignored = (int) calls.close.invokeExact(state, descriptor);
            }
        } catch (HailstormException e) {
            throw e;
        } catch (Throwable e) {
            throw new LinkageError("calling the operating system", e);
        }
    }

    /**
     * Faults pages of one mapping in for writing, without changing a byte, so that a writer need not. A hint: does nothing
     * where the kernel does not know it. One thread at a time. Steady state: no allocation.
     */
    static final class Populating {
        private final Path path;
        private final long address;
        private final MemorySegment state;

        Populating(Path path, MappedByteBuffer bytes) {
            this.path = path;
            address = MemorySegment.ofBuffer(bytes).address();
            state = Arena.ofAuto().allocate(STATE);
        }

        /** @throws HailstormException {@code UNAVAILABLE} when writing there would be a fault that kills */
        void populate(int offset, int lengthBytes) {
            if (CALLS.isEmpty() || !populates || lengthBytes <= 0) {
                return;
            }
            int answer;
            try {
                answer = (int) CALLS.get()
                        .madvise
                        .invokeExact(state, address + offset, (long) lengthBytes, MADV_POPULATE_WRITE);
            } catch (Throwable e) {
                throw new LinkageError("calling the operating system", e);
            }
            int errno = answer == 0 ? 0 : (int) ERRNO.get(state, 0L);
            if (errno == EINVAL) {
                populates = false;
            } else if (errno == EFAULT || errno == EIO) {
                throw new HailstormException(
                        ErrorCode.UNAVAILABLE,
                        "cannot write to " + path + ", position=" + offset + ": errno=" + errno
                                + "; the file system does not keep the blocks it promised");
            }
        }
    }
}
