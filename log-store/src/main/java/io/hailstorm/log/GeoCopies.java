package io.hailstorm.log;

import io.hailstorm.kernel.Safeguard;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The other members as copies of a home region's partitions, while this member is the primary: what is shipped to them, which of them
 * an acknowledgement waits for, and who falls out and who comes in. It says what the register should name; {@link GeoGroup} asks for
 * it. The log's thread.
 */
final class GeoCopies {
    /** How many members, the primary among them, are to have everything. */
    static final int WANTED = 2;

    private static final long NS_PER_MS = 1_000_000;
    /** A copy is waited for again when it is no more records behind than this. */
    private static final long JOIN_RECORDS_MAX = 50_000;

    private static final long NOT_ASKED = Long.MAX_VALUE;

    private final GeoContext context;
    private final GeoGroup group;
    private final GeoTerms terms;
    private final GeoPartition[] slots;
    private final GeoPeer[] peers;
    /**
     * Members that are waited for although the register does not name them, with the version it had when it was asked to, or
     * {@link #NOT_ASKED}. Once asked, they are waited for until the version is higher: the change may still come about.
     */
    private final Map<String, Long> joining = new HashMap<>();

    private long beatNs = Long.MIN_VALUE / 2;

    GeoCopies(GeoContext context, GeoGroup group, GeoTerms terms, GeoPeer[] peers) {
        this.context = context;
        this.group = group;
        this.terms = terms;
        this.peers = peers;
        slots = group.slots;
    }

    /** What each copy has yet to confirm; nothing while this member does not own the partitions. */
    List<GeoStatus.CopyLag> lags() {
        List<GeoStatus.CopyLag> lags = new ArrayList<>();
        if (group.role() != GeoStatus.Role.OWNER) {
            return lags;
        }
        for (GeoPeer peer : peers) {
            for (int slot = 0; slot < slots.length; slot++) {
                long end = slots[slot].endOffset();
                if (end > peer.confirmed[slot]) {
                    long bytes = slots[slot].records().chain().bytesFrom(peer.confirmed[slot], end);
                    lags.add(new GeoStatus.CopyLag(
                            peer.member,
                            slots[slot].stream(),
                            slots[slot].partition(),
                            end - peer.confirmed[slot],
                            bytes));
                }
            }
        }
        return lags;
    }

    /** How often shipping went back to the last confirmation. */
    long resentCount() {
        long count = 0;
        for (GeoPeer peer : peers) {
            count += peer.resentCount();
        }
        return count;
    }

    private Tenure tenure() {
        return group.tenure();
    }

    private long suspectNs() {
        return context.config().timings().suspectAfterMs() * NS_PER_MS;
    }

    /** A term of this member begins. */
    void begin(long nowNs) {
        for (GeoPeer peer : peers) {
            peer.begin(nowNs);
        }
    }

    /** This member is the primary no more, or begins anew. */
    void end() {
        joining.clear();
    }

    /** The register has changed: what it was asked before that has come about, or will not. */
    void onRegister(long version) {
        joining.values().removeIf(asked -> asked < version);
    }

    private boolean isRequired(GeoPeer peer) {
        return tenure().copies().contains(peer.member) || joining.containsKey(peer.member);
    }

    /** Lets readers see what may be acknowledged now. */
    void showAcknowledged() {
        for (int slot = 0; slot < slots.length; slot++) {
            EmbeddedPartition records = slots[slot].records();
            long acknowledged =
                    context.safeguards().has(Safeguard.ACK_AFTER_SYNC) ? records.syncedOffset() : records.endOffset();
            if (group.isGeoAcked(slot)) {
                for (GeoPeer peer : peers) {
                    if (isRequired(peer)) {
                        acknowledged = Math.min(acknowledged, peer.confirmed[slot]);
                    }
                }
            }
            slots[slot].show(acknowledged);
        }
    }

    /** The oldest answer of those that count, by this member's clock; far ahead when none does. */
    long answeredNs() {
        long answered = Long.MAX_VALUE / 2;
        for (GeoPeer peer : peers) {
            if (isRequired(peer)) {
                answered = Math.min(answered, peer.echoNs);
            }
        }
        return answered;
    }

    /**
     * Ships what there is room for, says now and then how far everything is.
     *
     * @return batches shipped
     */
    int ship(long term, long nowNs) {
        int work = 0;
        for (GeoPeer peer : peers) {
            work += peer.ship(
                    slots,
                    context.safeguards().has(Safeguard.COPY_DURABLE),
                    context.config().bounds().windowBytes(),
                    context.config().timings().resendMs() * NS_PER_MS,
                    nowNs,
                    (to, slot, batch) -> context.sendBatch(to.member, group.index, term, slot, batch));
        }
        if (nowNs - beatNs >= context.config().timings().heartbeatMs() * NS_PER_MS) {
            beatNs = nowNs;
            beat(term, nowNs);
            keepForCopies();
        }
        return work;
    }

    private void beat(long term, long nowNs) {
        long[] synced = new long[slots.length];
        long[] visible = new long[slots.length];
        for (int slot = 0; slot < slots.length; slot++) {
            synced[slot] = slots[slot].records().syncedOffset();
            visible[slot] = slots[slot].durableOffset();
        }
        for (GeoPeer peer : peers) {
            context.send(peer.member, new GeoMessage.Beat(group.index, term, nowNs, synced, visible));
        }
    }

    private void keepForCopies() {
        long bytesMax = context.config().bounds().copyLagBytesMax();
        for (int slot = 0; slot < slots.length; slot++) {
            long needed = slots[slot].endOffset();
            for (GeoPeer peer : peers) {
                needed = Math.min(needed, peer.aligned ? peer.confirmed[slot] : needed);
            }
            EmbeddedPartition records = slots[slot].records();
            boolean tooMuch = records.chain().bytesFrom(needed, records.endOffset()) > bytesMax;
            slots[slot].holdForCopies(tooMuch ? records.endOffset() : needed);
        }
    }

    /** The members that the register should name now that one of them is silent; null when none is. */
    @Nullable
    List<String> withoutSilent(long nowNs) {
        List<String> copies = new ArrayList<>(tenure().copies());
        boolean isSilent = false;
        for (GeoPeer peer : peers) {
            if (isRequired(peer) && nowNs - peer.heardNs > suspectNs()) {
                copies.remove(peer.member);
                isSilent |= !joining.remove(peer.member, NOT_ASKED);
            }
        }
        return isSilent ? copies : null;
    }

    /**
     * First a copy is waited for; when it has all that readers were shown, the register is to count on it.
     *
     * @return the members that the register should name then; null otherwise
     */
    @Nullable
    List<String> withComplete(long nowNs) {
        for (GeoPeer peer : peers) {
            boolean isHome = peer.member.equals(group.home.region());
            boolean wanted = tenure().copies().size() < WANTED
                    || (isHome && !tenure().copies().contains(peer.member));
            boolean lives = wanted && nowNs - peer.heardNs < suspectNs() / 2;
            if (lives && joining.isEmpty() && peer.isWithin(slots, JOIN_RECORDS_MAX)) {
                joining.put(peer.member, NOT_ASKED);
                showAcknowledged();
            }
            if (lives && joining.containsKey(peer.member) && hasAllShown(peer)) {
                joining.put(peer.member, tenure().version());
                List<String> copies = new ArrayList<>(tenure().copies());
                copies.add(peer.member);
                return copies;
            }
        }
        return null;
    }

    private boolean hasAllShown(GeoPeer peer) {
        for (int slot = 0; slot < slots.length; slot++) {
            if (group.isGeoAcked(slot) && peer.confirmed[slot] < slots[slot].durableOffset()) {
                return false;
            }
        }
        return peer.aligned;
    }

    /** Whether the home region's copy is counted and all but complete. */
    boolean isHomeClose() {
        GeoPeer home = peer(group.home.region());
        return home != null
                && tenure().copies().contains(group.home.region())
                && home.isWithin(slots, JOIN_RECORDS_MAX);
    }

    /** Whether the home region has everything that was ever appended here. */
    boolean isHomeComplete() {
        GeoPeer home = peer(group.home.region());
        if (home == null) {
            return false;
        }
        for (int slot = 0; slot < slots.length; slot++) {
            long end = slots[slot].endOffset();
            if (home.confirmed[slot] != end || slots[slot].durableOffset() != end) {
                return false;
            }
        }
        return true;
    }

    private @Nullable GeoPeer peer(String member) {
        for (GeoPeer peer : peers) {
            if (peer.member.equals(member)) {
                return peer;
            }
        }
        return null;
    }

    /** A copy asks how far it agrees with this member's log. */
    void onAsk(String from, GeoMessage.Ask ask, long nowNs) {
        GeoPeer peer = peer(from);
        if (peer == null) {
            return;
        }
        peer.heardNs = nowNs;
        peer.aligned = false;
        long[] agreed = new long[slots.length];
        long[] starts = new long[slots.length];
        List<GeoTerms.History> histories = new ArrayList<>();
        for (int slot = 0; slot < slots.length; slot++) {
            GeoTerms.History history = terms.of(group.termSlot(slot));
            long end = slots[slot].records().syncedOffset();
            agreed[slot] = Math.min(ask.ends()[slot], history.endOf(ask.lastTerms()[slot], end));
            // What it lost since it confirmed is not there any more.
            peer.confirmed[slot] = Math.min(peer.confirmed[slot], agreed[slot]);
            starts[slot] = slots[slot].startOffset();
            histories.add(history);
        }
        context.send(from, new GeoMessage.Resume(group.index, ask.term(), ask.sentNs(), agreed, starts, histories));
    }

    /** Whether the confirmation, of this term, came from somebody whose word counts. */
    boolean onConfirm(String from, GeoMessage.Confirm confirm, long nowNs) {
        GeoPeer peer = peer(from);
        if (peer == null) {
            return false;
        }
        peer.onConfirm(confirm.ends(), confirm.echoNs(), nowNs, slots);
        return true;
    }
}
