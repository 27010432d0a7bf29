package io.hailstorm.matching;

import io.hailstorm.geo.Cells;
import io.hailstorm.kernel.DriverState;
import io.hailstorm.kernel.FixView;
import io.hailstorm.kernel.Invariants;
import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/**
 * Where every driver is and who is free: a struct-of-arrays slab keyed by driver, and for each resolution-9 cell a
 * doubly linked list (through primitive arrays) of its available drivers. Available means: the phone says
 * {@link DriverState#IDLE}, and the driver holds no offer and no trip. The last writer by (driver epoch, session, seq)
 * wins; an older fix is ignored and counted.
 *
 * <p>One thread. Steady state: no allocation; arrays double until {@code driverCountMax}. At that bound a driver silent
 * for {@link #FORGET_AFTER_MS} and not engaged makes room, looking at {@value #FORGET_PROBE_COUNT} slots a time;
 * otherwise the new driver is refused and counted. Ids and cells are bare {@code long}s here: this is the hot loop.
 */
public final class DriverIndex {
    /** Not a slot: the driver is unknown. */
    public static final int NULL_SLOT = -1;
    /** The index is full. */
    public static final int REFUSED = -2;
    /** The fix is not newer than the driver's last one. */
    public static final int IGNORED = -3;

    /** At the bound, a driver silent for this long gives its slot up. */
    public static final long FORGET_AFTER_MS = 3_600_000;

    static final int FORGET_PROBE_COUNT = 64;

    private static final int INITIAL_SLOT_COUNT = 64;
    private static final byte IDLE = DriverState.IDLE.code();
    private static final byte OFFLINE = DriverState.OFFLINE.code();

    private final int driverCountMax;
    private final RingSearch nearestSearch;
    private final Long2LongHashMap slotOfDriver = new Long2LongHashMap(2 * INITIAL_SLOT_COUNT, 0.6f, NULL_SLOT);
    private final Long2LongHashMap headOfCell = new Long2LongHashMap(2 * INITIAL_SLOT_COUNT, 0.6f, NULL_SLOT);

    private long[] driver = new long[INITIAL_SLOT_COUNT];
    private long[] session = new long[INITIAL_SLOT_COUNT];
    private long[] seq = new long[INITIAL_SLOT_COUNT];
    private long[] cell = new long[INITIAL_SLOT_COUNT];
    private long[] deviceMs = new long[INITIAL_SLOT_COUNT];
    private long[] activeMs = new long[INITIAL_SLOT_COUNT];
    private long[] idleSinceMs = new long[INITIAL_SLOT_COUNT];
    private long[] releasedMs = new long[INITIAL_SLOT_COUNT];
    private int[] latE7 = new int[INITIAL_SLOT_COUNT];
    private int[] lonE7 = new int[INITIAL_SLOT_COUNT];
    private int[] de = new int[INITIAL_SLOT_COUNT];
    private byte[] state = new byte[INITIAL_SLOT_COUNT];
    private boolean[] engaged = new boolean[INITIAL_SLOT_COUNT];
    /** Links of the cell's list; meaningful only while available. */
    private int[] next = new int[INITIAL_SLOT_COUNT];

    private int[] previous = new int[INITIAL_SLOT_COUNT];
    /** Position among the available, or {@link #NULL_SLOT}. */
    private int[] availableIndex = new int[INITIAL_SLOT_COUNT];

    private int[] available = new int[INITIAL_SLOT_COUNT];

    private int slotCount;
    private int availableCount;
    private int forgetHand;
    private long ignoredCount;
    private long refusedCount;

    public DriverIndex(int driverCountMax, Cells cells) {
        this.driverCountMax = driverCountMax;
        this.nearestSearch = new RingSearch(cells);
    }

    /**
     * Takes a fix in.
     *
     * @return the driver's slot, {@link #IGNORED} or {@link #REFUSED}
     */
    public int onFix(FixView fix) {
        int slot = (int) slotOfDriver.get(fix.driver());
        if (slot == NULL_SLOT) {
            slot = addSlot(fix.driver(), fix.deviceMs());
            if (slot == REFUSED) {
                refusedCount++;
                return REFUSED;
            }
        } else if (!isNewer(slot, fix)) {
            ignoredCount++;
            return IGNORED;
        }
        update(slot, fix);
        return slot;
    }

    private boolean isNewer(int slot, FixView fix) {
        if (fix.de() != de[slot]) {
            return fix.de() > de[slot];
        }
        if (fix.session() != session[slot]) {
            return fix.session() > session[slot];
        }
        return fix.seq() > seq[slot];
    }

    private void update(int slot, FixView fix) {
        byte stateNow = fix.state();
        long cellNow = fix.cell();
        boolean listed = availableIndex[slot] != NULL_SLOT;
        boolean list = stateNow == IDLE && !engaged[slot];
        if (listed && (!list || cellNow != cell[slot])) {
            unlist(slot);
            listed = false;
        }
        long arrivalMs = fix.deviceMs() + fix.ingestDelayMs();
        if (stateNow == IDLE && state[slot] != IDLE) {
            idleSinceMs[slot] = arrivalMs;
        }
        if (stateNow != OFFLINE) {
            activeMs[slot] = arrivalMs;
        }
        session[slot] = fix.session();
        seq[slot] = fix.seq();
        de[slot] = fix.de();
        deviceMs[slot] = fix.deviceMs();
        latE7[slot] = fix.latE7();
        lonE7[slot] = fix.lonE7();
        state[slot] = stateNow;
        cell[slot] = cellNow;
        if (list && !listed) {
            list(slot);
        }
    }

    /** Binds a driver to an offer or a trip, so that nobody else finds it. Twice is a bug. */
    void engage(long driverId) {
        int slot = (int) slotOfDriver.get(driverId);
        if (slot == NULL_SLOT) {
            return;
        }
        Invariants.require(!engaged[slot], "a driver has at most one live offer or trip");
        engaged[slot] = true;
        if (availableIndex[slot] != NULL_SLOT) {
            unlist(slot);
        }
    }

    /** Undoes {@link #engage}. */
    void release(long driverId, long timeMs) {
        int slot = (int) slotOfDriver.get(driverId);
        if (slot == NULL_SLOT) {
            return;
        }
        engaged[slot] = false;
        releasedMs[slot] = timeMs;
        if (state[slot] == IDLE && availableIndex[slot] == NULL_SLOT) {
            list(slot);
        }
    }

    private int addSlot(long driverId, long nowMs) {
        int slot;
        if (slotCount < driverCountMax) {
            if (slotCount == driver.length) {
                grow();
            }
            slot = slotCount++;
        } else {
            slot = forgetOne(nowMs);
            if (slot == NULL_SLOT) {
                return REFUSED;
            }
        }
        driver[slot] = driverId;
        state[slot] = OFFLINE;
        engaged[slot] = false;
        activeMs[slot] = Long.MIN_VALUE;
        idleSinceMs[slot] = Long.MIN_VALUE;
        releasedMs[slot] = Long.MIN_VALUE;
        availableIndex[slot] = NULL_SLOT;
        slotOfDriver.put(driverId, slot);
        return slot;
    }

    private int forgetOne(long nowMs) {
        for (int i = 0; i < FORGET_PROBE_COUNT; i++) {
            int slot = forgetHand;
            forgetHand = (forgetHand + 1) % slotCount;
            if (!engaged[slot] && nowMs - deviceMs[slot] > FORGET_AFTER_MS) {
                if (availableIndex[slot] != NULL_SLOT) {
                    unlist(slot);
                }
                slotOfDriver.remove(driver[slot]);
                return slot;
            }
        }
        return NULL_SLOT;
    }

    private void list(int slot) {
        int head = (int) headOfCell.get(cell[slot]);
        next[slot] = head;
        previous[slot] = NULL_SLOT;
        if (head != NULL_SLOT) {
            previous[head] = slot;
        }
        headOfCell.put(cell[slot], slot);
        availableIndex[slot] = availableCount;
        available[availableCount++] = slot;
    }

    private void unlist(int slot) {
        int before = previous[slot];
        int after = next[slot];
        if (after != NULL_SLOT) {
            previous[after] = before;
        }
        if (before != NULL_SLOT) {
            next[before] = after;
        } else if (after != NULL_SLOT) {
            headOfCell.put(cell[slot], after);
        } else {
            headOfCell.remove(cell[slot]);
        }
        int last = available[--availableCount];
        available[availableIndex[slot]] = last;
        availableIndex[last] = availableIndex[slot];
        availableIndex[slot] = NULL_SLOT;
    }

    private void grow() {
        int length = (int) Math.min(driverCountMax, 2L * driver.length);
        driver = Arrays.copyOf(driver, length);
        session = Arrays.copyOf(session, length);
        seq = Arrays.copyOf(seq, length);
        cell = Arrays.copyOf(cell, length);
        deviceMs = Arrays.copyOf(deviceMs, length);
        activeMs = Arrays.copyOf(activeMs, length);
        idleSinceMs = Arrays.copyOf(idleSinceMs, length);
        releasedMs = Arrays.copyOf(releasedMs, length);
        latE7 = Arrays.copyOf(latE7, length);
        lonE7 = Arrays.copyOf(lonE7, length);
        de = Arrays.copyOf(de, length);
        state = Arrays.copyOf(state, length);
        engaged = Arrays.copyOf(engaged, length);
        next = Arrays.copyOf(next, length);
        previous = Arrays.copyOf(previous, length);
        availableIndex = Arrays.copyOf(availableIndex, length);
        available = Arrays.copyOf(available, length);
    }

    /**
     * Available drivers near a point, nearest first, ties by driver id.
     *
     * @param activeSinceMs leaves out drivers not heard of since then
     * @param slotsOut receives slots, at most its length; valid until the next fix
     * @return how many were found
     */
    public int nearest(int aroundLatE7, int aroundLonE7, int radiusMeters, long activeSinceMs, int[] slotsOut) {
        return nearestSearch.nearest(this, aroundLatE7, aroundLonE7, radiusMeters, activeSinceMs, slotsOut);
    }

    /** Slot of a driver, or {@link #NULL_SLOT}. */
    public int slotOf(long driverId) {
        return (int) slotOfDriver.get(driverId);
    }

    public int driverCount() {
        return slotOfDriver.size();
    }

    public int availableCount() {
        return availableCount;
    }

    /** Fixes not newer than what was known. */
    public long ignoredCount() {
        return ignoredCount;
    }

    /** Fixes of drivers that found no slot. */
    public long refusedCount() {
        return refusedCount;
    }

    public long driver(int slot) {
        return driver[slot];
    }

    public long cell(int slot) {
        return cell[slot];
    }

    public int latE7(int slot) {
        return latE7[slot];
    }

    public int lonE7(int slot) {
        return lonE7[slot];
    }

    /** A {@link DriverState} code, as the phone said last. */
    public byte state(int slot) {
        return state[slot];
    }

    /** Event time of the last fix. */
    public long deviceMs(int slot) {
        return deviceMs[slot];
    }

    /** Arrival of the last fix that did not say offline. */
    public long activeMs(int slot) {
        return activeMs[slot];
    }

    /** Since when the driver is free: it said so, and its last trip or offer was over. */
    public long idleSinceMs(int slot) {
        return Math.max(idleSinceMs[slot], releasedMs[slot]);
    }

    public boolean isAvailable(int slot) {
        return availableIndex[slot] != NULL_SLOT;
    }

    /** First available driver of a cell, or {@link #NULL_SLOT}. */
    int firstOfCell(long searchedCell) {
        return (int) headOfCell.get(searchedCell);
    }

    int nextOfCell(int slot) {
        return next[slot];
    }

    int availableSlot(int index) {
        return available[index];
    }
}
