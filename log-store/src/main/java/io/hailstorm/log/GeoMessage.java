package io.hailstorm.log;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What members and the witness say to each other. Every message stands for itself: any of them may be lost, doubled, late
 * or out of order, and whoever needs an answer asks again. Little endian; the first byte says which it is.
 *
 * <p>{@code group} is the index of a home region in the configuration; arrays have an entry for each of its (stream,
 * partition), in the order of {@link GeoGroup#slot}.
 */
@SuppressWarnings("ArrayRecordComponent") // internal; never changed, never compared
sealed interface GeoMessage {
    /** The primary lives. Answered by {@link Confirm}, or by {@link Ask} from a copy that must first be brought in line. */
    record Beat(int group, long term, long sentNs, long[] syncedEnds, long[] visibleEnds) implements GeoMessage {}

    /** Up to where a copy is durable, at a term; echoes the newest {@link Beat#sentNs}. */
    record Confirm(int group, long term, long echoNs, long[] ends) implements GeoMessage {}

    /** A copy asks how to come in line: in which term its last record was written, and where it ends. */
    record Ask(int group, long term, long sentNs, long[] lastTerms, long[] ends) implements GeoMessage {}

    /** Answers the {@link Ask} it echoes, and no other: what of a copy agrees with the primary, where the primary begins, and the primary's terms. */
    record Resume(int group, long term, long echoNs, long[] agreedEnds, long[] starts, List<GeoTerms.History> histories)
            implements GeoMessage {}

    /** One batch; {@link CopiedBatch#decode} reads the rest of the message. */
    record Batch(int group, long term, int slot, int bodyIndex) implements GeoMessage {}

    /** To the witness: what does the register say? */
    record ReadRegister(long sentNs) implements GeoMessage {}

    /** To the witness: change an entry that is at this version. */
    record CompareAndSet(long sentNs, long expectedVersion, Tenure next) implements GeoMessage {}

    /** From the witness: all entries, and the {@code sentNs} that asked. */
    record Register(long sentNs, List<Tenure> tenures) implements GeoMessage {}

    int BATCH_HEADER_BYTES = 16;
    byte BEAT = 1;
    byte CONFIRM = 2;
    byte ASK = 3;
    byte RESUME = 4;
    byte BATCH = 5;
    byte READ_REGISTER = 6;
    byte COMPARE_AND_SET = 7;
    byte REGISTER = 8;

    /** Writes a message; the buffer is large enough for any but a batch's body. */
    static void encode(GeoMessage message, ByteBuffer to) {
        switch (message) {
            case Beat beat -> {
                head(to, BEAT, beat.group(), beat.term()).putLong(beat.sentNs());
                putLongs(to, beat.syncedEnds());
                putLongs(to, beat.visibleEnds());
            }
            case Confirm confirm -> {
                head(to, CONFIRM, confirm.group(), confirm.term()).putLong(confirm.echoNs());
                putLongs(to, confirm.ends());
            }
            case Ask ask -> {
                head(to, ASK, ask.group(), ask.term()).putLong(ask.sentNs());
                putLongs(to, ask.lastTerms());
                putLongs(to, ask.ends());
            }
            case Resume resume -> {
                head(to, RESUME, resume.group(), resume.term()).putLong(resume.echoNs());
                putLongs(to, resume.agreedEnds());
                putLongs(to, resume.starts());
                resume.histories().forEach(history -> history.encode(to));
            }
            case Batch batch -> head(to, BATCH, batch.group(), batch.term()).putInt(batch.slot());
            case ReadRegister read -> to.put(READ_REGISTER).putLong(read.sentNs());
            case CompareAndSet change -> {
                to.put(COMPARE_AND_SET).putLong(change.sentNs()).putLong(change.expectedVersion());
                putTenure(to, change.next());
            }
            case Register register -> {
                to.put(REGISTER)
                        .putLong(register.sentNs())
                        .putInt(register.tenures().size());
                register.tenures().forEach(tenure -> putTenure(to, tenure));
            }
        }
    }

    private static ByteBuffer head(ByteBuffer to, byte kind, int group, long term) {
        return to.put(kind).put((byte) group).putShort((short) 0).putLong(term);
    }

    /** The message, or null when it is none. */
    static @Nullable GeoMessage decode(DirectBuffer buffer, int index, int length) {
        byte[] bytes = new byte[Math.min(length, isBatch(buffer, index, length) ? BATCH_HEADER_BYTES : length)];
        buffer.getBytes(index, bytes);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            return decode(in, index);
        } catch (BufferUnderflowException | IllegalArgumentException | NegativeArraySizeException e) {
            return null;
        }
    }

    private static boolean isBatch(DirectBuffer buffer, int index, int length) {
        return length > BATCH_HEADER_BYTES && buffer.getByte(index) == BATCH;
    }

    private static @Nullable GeoMessage decode(ByteBuffer in, int index) {
        byte kind = in.get();
        return switch (kind) {
            case READ_REGISTER -> new ReadRegister(in.getLong());
            case COMPARE_AND_SET -> new CompareAndSet(in.getLong(), in.getLong(), getTenure(in));
            case REGISTER -> {
                long sentNs = in.getLong();
                List<Tenure> tenures = new ArrayList<>();
                for (int i = in.getInt(); i > 0; i--) {
                    tenures.add(getTenure(in));
                }
                yield new Register(sentNs, tenures);
            }
            case BEAT, CONFIRM, ASK, RESUME, BATCH -> ofGroup(kind, in, index);
            default -> null;
        };
    }

    private static GeoMessage ofGroup(byte kind, ByteBuffer in, int index) {
        int group = in.get();
        in.getShort();
        long term = in.getLong();
        return switch (kind) {
            case BEAT -> new Beat(group, term, in.getLong(), getLongs(in), getLongs(in));
            case CONFIRM -> new Confirm(group, term, in.getLong(), getLongs(in));
            case ASK -> new Ask(group, term, in.getLong(), getLongs(in), getLongs(in));
            case RESUME -> {
                long echoNs = in.getLong();
                long[] agreed = getLongs(in);
                long[] starts = getLongs(in);
                List<GeoTerms.History> histories = new ArrayList<>();
                for (int i = 0; i < agreed.length; i++) {
                    histories.add(GeoTerms.History.decode(in));
                }
                yield new Resume(group, term, echoNs, agreed, starts, histories);
            }
            default -> new Batch(group, term, in.getInt(), index + BATCH_HEADER_BYTES);
        };
    }

    private static void putLongs(ByteBuffer to, long[] values) {
        to.putInt(values.length);
        for (long value : values) {
            to.putLong(value);
        }
    }

    private static long[] getLongs(ByteBuffer in) {
        int count = in.getInt();
        if (count < 0 || count > in.remaining() / Long.BYTES) {
            throw new BufferUnderflowException();
        }
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = in.getLong();
        }
        return values;
    }

    static void putTenure(ByteBuffer to, Tenure tenure) {
        putText(to, tenure.region());
        to.putLong(tenure.term()).putLong(tenure.version());
        putText(to, tenure.primary());
        to.putInt(tenure.copies().size());
        tenure.copies().forEach(copy -> putText(to, copy));
    }

    static Tenure getTenure(ByteBuffer in) {
        String region = getText(in);
        long term = in.getLong();
        long version = in.getLong();
        String primary = getText(in);
        List<String> copies = new ArrayList<>();
        for (int i = in.getInt(); i > 0; i--) {
            copies.add(getText(in));
        }
        return new Tenure(region, term, version, primary, copies);
    }

    private static void putText(ByteBuffer to, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        to.putShort((short) bytes.length).put(bytes);
    }

    private static String getText(ByteBuffer in) {
        byte[] bytes = new byte[in.getShort()];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
