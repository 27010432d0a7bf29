package io.hailstorm.log;

import io.hailstorm.kernel.Safeguard;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GeoStatus.Gap;
import io.hailstorm.log.GeoStatus.Role;
import java.util.List;

/**
 * What this member is to the partitions of one home region. The register alone says who the primary is; everything here
 * follows from what was last read there. The log's thread.
 *
 * <pre>
 *   role        until                                                     then
 *   UNKNOWN     the register is read; an entry of this member's from      COPY, or OPENING at a new term
 *               before its start is first raised to a new term, unless
 *               its disk never held what was acknowledged (GeoStanding)
 *   COPY        in line with the primary (Ask, Resume) it copies and      OPENING when the register names this member:
 *               confirms; a primary silent for too long is replaced,      it took over, or was handed the region back
 *               if this member is among the copies that have everything
 *   OPENING     everything found is durable, and confirmed by the         OWNER
 *               copies the register names; after a take-over at DISK,
 *               the replaced primary's lease is over
 *   OWNER       ships, waits for copies, drops silent ones and joins      RELEASING when the home region is to have it back
 *               complete ones through the register
 *   RELEASING   the home region has everything                            COPY; or OPENING at a new term, when home fell silent
 *   OPENING, OWNER, RELEASING: the register names another                 COPY; what is not durable is void
 * </pre>
 */
final class GeoGroup {
    private static final long NS_PER_MS = 1_000_000;

    final GeoMember home;
    final int index;
    final GeoPartition[] slots;

    private final GeoContext context;
    private final GeoTerms terms;
    private final GeoStanding standing;
    private final GeoCopies copies;
    private final boolean[] geoAcked;

    private Tenure tenure;
    private Role role = Role.UNKNOWN;
    private boolean isRegisterRead;
    private boolean sawOther;
    private long registerNs;
    private long claimedTerm;
    private long myTerm;
    private long changeSentNs = Long.MIN_VALUE / 2;
    private long[] openingEnds = new long[0];
    private long openAtNs;
    private volatile boolean handBackWanted;

    private final GeoFollower follower;

    /** @param slots this region's partitions of every stream, by {@link #slot} */
    GeoGroup(
            GeoContext context,
            GeoMember home,
            int index,
            GeoPartition[] slots,
            GeoTerms terms,
            GeoStanding standing,
            GeoPeer[] peers) {
        this.standing = standing;
        this.context = context;
        this.home = home;
        this.index = index;
        this.slots = slots;
        this.terms = terms;
        tenure = Tenure.none(home.region());
        geoAcked = new boolean[slots.length];
        for (StreamName stream : StreamName.values()) {
            for (int i = 0; i < home.partitionCount(); i++) {
                geoAcked[slot(stream, i)] = context.config().level(stream) == AckLevel.GEO;
            }
        }
        copies = new GeoCopies(context, this, terms, peers);
        follower = new GeoFollower(context, this, terms);
    }

    /** Where a partition of a stream stands in arrays; {@code i} counts from the region's first partition. */
    int slot(StreamName stream, int i) {
        return KafkaLog.index(stream) * home.partitionCount() + i;
    }

    Tenure tenure() {
        return tenure;
    }

    Role role() {
        return role;
    }

    boolean owns() {
        return role == Role.OWNER && slots[0].isAccepting();
    }

    /** Whether what readers see here is all of what there was when this member started. */
    boolean isReady() {
        return role == Role.OWNER || (role == Role.COPY && tenure.term() > 0 && follower.isInLine());
    }

    void handBack() {
        handBackWanted = true;
    }

    GeoCopies copies() {
        return copies;
    }

    // The register

    /** What the register says, in an answer to something this member sent at {@code askedAtNs}. */
    void onRegister(Tenure read, long askedAtNs, long nowNs) {
        registerNs = Math.max(registerNs, askedAtNs);
        if (read.version() < tenure.version() || (isRegisterRead && read.version() == tenure.version())) {
            return;
        }
        boolean isFirst = !isRegisterRead;
        isRegisterRead = true;
        boolean wasPrimary = tenure.primary().equals(self());
        Tenure before = tenure;
        tenure = read;
        copies.onRegister(read.version());
        if (isFirst) {
            follower.heard(nowNs);
        }
        if (read.term() == 0) {
            standing.holdAllOf(home.region());
            beginFirstTerm(nowNs);
        } else if (!read.primary().equals(self())) {
            sawOther = true;
            becomeCopy(before, nowNs);
        } else if (myTerm != read.term()) {
            boolean mine = read.term() == claimedTerm || (sawOther && !wasPrimary);
            if (mine) {
                begin(before, nowNs);
            } else if (holdsAll()) {
                claim(read.copies(), nowNs);
            } else {
                context.lostDisk(read);
            }
        }
    }

    private void beginFirstTerm(long nowNs) {
        if (home.region().equals(self())) {
            List<GeoMember> members = context.config().members();
            claim(List.of(self(), members.get((index + 1) % members.size()).region()), nowNs);
        }
    }

    /** Asks for the next term for this member. */
    private void claim(List<String> named, long nowNs) {
        claimedTerm = tenure.term() + 1;
        change(new Tenure(home.region(), claimedTerm, tenure.version() + 1, self(), named), nowNs);
    }

    private void change(Tenure next, long nowNs) {
        changeSentNs = nowNs;
        context.compareAndSet(tenure.version(), next);
    }

    boolean isGeoAcked(int slot) {
        return geoAcked[slot];
    }

    private boolean holdsAll() {
        return standing.holdsAllOf(home.region());
    }

    private boolean mayChange(long nowNs) {
        return nowNs - changeSentNs > context.config().timings().resendMs() * NS_PER_MS;
    }

    private String self() {
        return context.config().self();
    }

    // Beginning and ending a tenure

    private void begin(Tenure before, long nowNs) {
        endTenure();
        myTerm = tenure.term();
        standing.holdAllOf(home.region());
        role = Role.OPENING;
        handBackWanted = false;
        openingEnds = new long[slots.length];
        for (int slot = 0; slot < slots.length; slot++) {
            EmbeddedPartition records = slots[slot].records();
            records.syncNow(nowNs);
            openingEnds[slot] = records.endOffset();
            terms.of(termSlot(slot)).begin(myTerm, openingEnds[slot]);
        }
        terms.save();
        copies.begin(nowNs);
        boolean tookOver = !before.primary().equals(self()) && !before.primary().isEmpty() && myTerm == claimedTerm;
        // Also after a restart: what was asked for before it may have been a take-over that came about unnoticed.
        boolean leased =
                myTerm == claimedTerm && before.term() > 0 && context.config().ackLevel() == AckLevel.DISK;
        openAtNs = leased ? nowNs + context.config().timings().leaseMs() * NS_PER_MS : nowNs;
        if (tookOver) {
            context.tookOver(home.region(), before.primary(), myTerm);
            reportGaps(before);
        }
    }

    private void reportGaps(Tenure before) {
        for (int slot = 0; slot < slots.length; slot++) {
            if (follower.announcedSynced(slot) > openingEnds[slot]) {
                context.report(new Gap(
                        slots[slot].stream(),
                        slots[slot].partition(),
                        openingEnds[slot],
                        follower.announcedSynced(slot),
                        before.term(),
                        geoAcked[slot] ? AckLevel.GEO : AckLevel.DISK,
                        false));
            }
        }
    }

    private void becomeCopy(Tenure before, long nowNs) {
        if (role == Role.COPY
                && before.term() == tenure.term()
                && before.primary().equals(tenure.primary())) {
            return; // only who is waited for has changed
        }
        endTenure();
        role = Role.COPY;
        follower.begin(nowNs);
    }

    private void endTenure() {
        boolean owned = role == Role.OWNER || role == Role.RELEASING;
        myTerm = 0;
        copies.end();
        for (GeoPartition slot : slots) {
            slot.refuse();
        }
        if (owned) {
            context.lost(home);
        }
    }

    int termSlot(int slot) {
        return context.termSlot(slots[slot].stream(), slots[slot].partition());
    }

    // Turns

    int doWork(long nowNs) {
        if (!isRegisterRead) {
            return 0;
        }
        return switch (role) {
            case UNKNOWN -> claimAgain(nowNs);
            case COPY -> follow(nowNs);
            case OPENING, OWNER, RELEASING -> serve(nowNs);
        };
    }

    private int claimAgain(long nowNs) {
        if (mayChange(nowNs)) {
            if (tenure.term() == 0) {
                beginFirstTerm(nowNs);
            } else if (tenure.primary().equals(self()) && holdsAll()) {
                claim(tenure.copies(), nowNs);
            }
        }
        return 0;
    }

    private int serve(long nowNs) {
        copies.showAcknowledged();
        if (role == Role.OPENING && nowNs - openAtNs >= 0 && isOpened()) {
            role = Role.OWNER;
            context.acquired(home, myTerm);
        }
        if (role == Role.OWNER) {
            long untilNs = leaseEndNs();
            for (GeoPartition slot : slots) {
                slot.accept(untilNs);
            }
        }
        int work = copies.ship(myTerm, nowNs);
        if (mayChange(nowNs)) {
            changeCopies(nowNs);
        }
        return work;
    }

    private boolean isOpened() {
        for (int slot = 0; slot < slots.length; slot++) {
            if (slots[slot].durableOffset() < openingEnds[slot]) {
                return false;
            }
        }
        return true;
    }

    /** Until when nobody else can have begun to accept. At GEO that needs no time: nothing can be acknowledged any more. */
    private long leaseEndNs() {
        if (context.config().ackLevel() == AckLevel.GEO || tenure.copies().equals(List.of(self()))) {
            return Long.MAX_VALUE / 2;
        }
        return Math.max(copies.answeredNs(), registerNs)
                + context.config().timings().leaseMs() * NS_PER_MS;
    }

    private void changeCopies(long nowNs) {
        List<String> rest = copies.withoutSilent(nowNs);
        if (rest != null) {
            context.droppedCopy();
            if (role == Role.RELEASING && !rest.contains(home.region())) {
                claim(rest, nowNs); // nothing was accepted since: begin again
            } else {
                name(rest, nowNs);
            }
        } else if (role == Role.RELEASING) {
            if (copies.isHomeComplete()) {
                List<String> both = List.of(home.region(), self());
                change(new Tenure(home.region(), myTerm + 1, tenure.version() + 1, home.region(), both), nowNs);
            }
        } else if (role == Role.OWNER) {
            List<String> more = copies.withComplete(nowNs);
            if (more != null) {
                context.joinedCopy();
                name(more, nowNs);
            }
            boolean wanted = handBackWanted || context.config().handBackWhenCaughtUp();
            if (wanted && copies.isHomeClose()) {
                release();
            }
        }
    }

    /** Asks the register to name these as copies, in this term. */
    private void name(List<String> members, long nowNs) {
        change(new Tenure(home.region(), myTerm, tenure.version() + 1, self(), members), nowNs);
    }

    private void release() {
        role = Role.RELEASING;
        for (GeoPartition slot : slots) {
            slot.refuse();
        }
        context.releasing(home);
    }

    // Copying

    private int follow(long nowNs) {
        follower.doWork();
        if (!holdsAll() && follower.isComplete()) {
            standing.holdAllOf(home.region());
        }
        takeOverIfSilent(nowNs);
        return 0;
    }

    GeoFollower follower() {
        return follower;
    }

    private void takeOverIfSilent(long nowNs) {
        long suspectNs = context.config().timings().suspectAfterMs() * NS_PER_MS;
        if (tenure.copies().contains(self())
                && holdsAll()
                && nowNs - follower.primaryHeardNs() > suspectNs
                && nowNs - registerNs < suspectNs
                && mayChange(nowNs)) {
            if (context.safeguards().has(Safeguard.FENCE_BEFORE_TAKEOVER)) {
                claim(List.of(self()), nowNs);
            } else {
                takeOverUnfenced(nowNs);
            }
        }
    }

    /** Without the fence: believes itself, and asks nobody. */
    private void takeOverUnfenced(long nowNs) {
        Tenure before = tenure;
        tenure = new Tenure(home.region(), before.term() + 1, before.version(), self(), List.of(self()));
        claimedTerm = tenure.term();
        begin(before, nowNs);
    }

    void onAsk(String from, GeoMessage.Ask ask, long nowNs) {
        if (myTerm != 0 && ask.term() == myTerm) {
            copies.onAsk(from, ask, nowNs);
        }
    }

    void onConfirm(String from, GeoMessage.Confirm confirm, long nowNs) {
        boolean counts = myTerm != 0 && confirm.term() == myTerm && copies.onConfirm(from, confirm, nowNs);
        if (!counts) {
            context.fencedConfirm();
        }
    }
}
