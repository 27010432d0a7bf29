package io.hailstorm.log;

import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * This member as a copy of a home region's partitions: comes in line with the primary (Ask, Resume), appends what it ships,
 * confirms up to where the disk has it. The log's thread.
 */
final class GeoFollower {
    private static final long NS_PER_MS = 1_000_000;

    private final GeoContext context;
    private final GeoGroup group;
    private final GeoTerms terms;
    private final GeoPartition[] slots;
    private long primaryHeardNs;
    private long alignedTerm;
    private long askedNs = Long.MIN_VALUE / 2;
    private long lastBeatNs;
    private boolean confirmDue;
    private boolean isAnnounced;
    private final GeoEarlyBatches[] early;
    private final CopiedBatch earlyBatch = new CopiedBatch();
    private final long[] confirmedEnds;
    private final long[] announcedSynced;
    private final long[] announcedVisible;

    GeoFollower(GeoContext context, GeoGroup group, GeoTerms terms) {
        this.context = context;
        this.group = group;
        this.terms = terms;
        slots = group.slots;
        early = new GeoEarlyBatches[slots.length];
        Arrays.setAll(early, slot -> new GeoEarlyBatches());
        confirmedEnds = new long[slots.length];
        announcedSynced = new long[slots.length];
        announcedVisible = new long[slots.length];
    }

    /** Another primary, or a new term of it. */
    void begin(long nowNs) {
        alignedTerm = 0;
        isAnnounced = false;
        primaryHeardNs = nowNs;
        askedNs = Long.MIN_VALUE / 2;
    }

    void heard(long nowNs) {
        primaryHeardNs = nowNs;
    }

    long primaryHeardNs() {
        return primaryHeardNs;
    }

    /** Up to where the primary's own disk had a partition, when last heard of. */
    long announcedSynced(int slot) {
        return announcedSynced[slot];
    }

    boolean isInLine() {
        return alignedTerm == tenure().term();
    }

    /** Whether it has, durably, what the primary had when it was last heard of. */
    boolean isComplete() {
        if (!isInLine() || !isAnnounced) {
            return false;
        }
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot].records().syncedOffset() < announcedSynced[slot]) {
                return false;
            }
        }
        return true;
    }

    private Tenure tenure() {
        return group.tenure();
    }

    void doWork() {
        if (alignedTerm == tenure().term()) {
            // With more than one other to count on, the one with less may take over.
            boolean required = tenure().copies().contains(context.config().self())
                    && tenure().copies().size() <= GeoCopies.WANTED;
            for (int slot = 0; slot < slots.length; slot++) {
                long synced = slots[slot].records().syncedOffset();
                slots[slot].show(required ? synced : Math.min(synced, announcedVisible[slot]));
                if (synced != confirmedEnds[slot]) {
                    confirmedEnds[slot] = synced;
                    confirmDue = true;
                }
            }
            if (confirmDue) {
                confirmDue = false;
                context.send(
                        tenure().primary(),
                        new GeoMessage.Confirm(group.index, tenure().term(), lastBeatNs, confirmedEnds.clone()));
            }
        }
    }

    private boolean isFromPrimary(String from, long term) {
        return group.role() == GeoStatus.Role.COPY && from.equals(tenure().primary()) && term == tenure().term();
    }

    void onBeat(String from, GeoMessage.Beat beat, long nowNs) {
        if (beat.term() > tenure().term()) {
            context.readRegisterSoon();
        }
        if (!isFromPrimary(from, beat.term())) {
            return;
        }
        primaryHeardNs = nowNs;
        lastBeatNs = beat.sentNs();
        System.arraycopy(beat.syncedEnds(), 0, announcedSynced, 0, slots.length);
        System.arraycopy(beat.visibleEnds(), 0, announcedVisible, 0, slots.length);
        if (alignedTerm == tenure().term()) {
            confirmDue = true;
            isAnnounced = true;
        } else if (nowNs - askedNs > context.config().timings().resendMs() * NS_PER_MS) {
            ask(nowNs);
        }
    }

    private void ask(long nowNs) {
        askedNs = nowNs;
        long[] lastTerms = new long[slots.length];
        long[] ends = new long[slots.length];
        for (int slot = 0; slot < slots.length; slot++) {
            slots[slot].records().syncNow(nowNs);
            ends[slot] = slots[slot].endOffset();
            lastTerms[slot] = terms.of(group.termSlot(slot)).termBefore(ends[slot]);
        }
        context.send(tenure().primary(), new GeoMessage.Ask(group.index, tenure().term(), nowNs, lastTerms, ends));
    }

    void onResume(String from, GeoMessage.Resume resume, long nowNs) {
        boolean isAnswer = isFromPrimary(from, resume.term()) && resume.echoNs() == askedNs;
        if (!isAnswer || alignedTerm == tenure().term()) {
            return; // an answer to an earlier question could cut off what was confirmed since
        }
        primaryHeardNs = nowNs;
        boolean cut = false;
        for (int slot = 0; slot < slots.length; slot++) {
            long end = slots[slot].endOffset();
            long agreed = resume.agreedEnds()[slot];
            if (resume.starts()[slot] > Math.min(end, agreed)) {
                context.restartedCopy();
                slots[slot].beginAt(resume.starts()[slot]);
            } else if (agreed < end) {
                cutAt(slot, agreed, end);
                cut = true;
            }
        }
        if (cut) {
            ask(nowNs);
            return;
        }
        for (int slot = 0; slot < slots.length; slot++) {
            terms.of(group.termSlot(slot)).set(resume.histories().get(slot));
        }
        terms.save();
        for (GeoEarlyBatches each : early) {
            each.clear();
        }
        alignedTerm = tenure().term();
        confirmDue = true;
    }

    private void cutAt(int slot, long agreed, long end) {
        long term = terms.of(group.termSlot(slot)).termBefore(end);
        slots[slot].cutAt(agreed, term);
        AckLevel level = group.isGeoAcked(slot) ? AckLevel.GEO : AckLevel.DISK;
        context.report(
                new GeoStatus.Gap(slots[slot].stream(), slots[slot].partition(), agreed, end, term, level, true));
    }

    /** @return whether the batch was taken */
    boolean onBatch(String from, GeoMessage.Batch message, DirectBuffer buffer, int length, long nowNs) {
        int slot = message.slot();
        if (!isFromPrimary(from, message.term())) {
            return false;
        }
        primaryHeardNs = nowNs;
        if (alignedTerm != message.term() || slot < 0 || slot >= slots.length) {
            return false;
        }
        earlyBatch.decode(buffer, message.bodyIndex(), length);
        long end = slots[slot].endOffset();
        if (earlyBatch.baseOffset() > end) {
            return early[slot].keep(earlyBatch.baseOffset(), buffer, message.bodyIndex(), length);
        }
        boolean taken = earlyBatch.baseOffset() == end && slots[slot].appendCopy(earlyBatch) >= 0;
        if (taken && !early[slot].isEmpty()) {
            early[slot].appendTo(slots[slot], earlyBatch);
        }
        return taken;
    }
}
