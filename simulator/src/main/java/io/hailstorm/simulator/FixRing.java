package io.hailstorm.simulator;

import io.hailstorm.protocol.v1.DriverState;
import io.hailstorm.protocol.v1.Fix;
import java.util.Arrays;

/**
 * A phone's fixes that are not acknowledged, oldest first, as primitive columns; the sequence number is the position.
 * Bounded by its owner.
 */
final class FixRing {
    private static final int UNKNOWN = -1;
    private static final DriverState[] STATES = {
        DriverState.OFFLINE, DriverState.IDLE, DriverState.EN_ROUTE, DriverState.ON_TRIP
    };
    private static final int STATE_ONLY = 1 << 7;

    private long[] deviceMs = new long[16];
    private int[] latE7 = new int[16];
    private int[] lonE7 = new int[16];
    private int[] heading = new int[16];
    private int[] speed = new int[16];
    private int[] accuracy = new int[16];
    private byte[] state = new byte[16];
    private int head;
    private int size;

    int size() {
        return size;
    }

    void add(long atDeviceMs, int lat, int lon, byte stateCode) {
        addMeasured(atDeviceMs, lat, lon, stateCode, UNKNOWN, UNKNOWN, UNKNOWN);
    }

    void addStateOnly(long atDeviceMs, int lat, int lon, byte stateCode) {
        addMeasured(atDeviceMs, lat, lon, (byte) (stateCode | STATE_ONLY), UNKNOWN, UNKNOWN, UNKNOWN);
    }

    void addMeasured(
            long atDeviceMs,
            int lat,
            int lon,
            byte stateCode,
            int headingCentidegrees,
            int speedCmPerS,
            int accuracyDm) {
        if (size == deviceMs.length) {
            grow();
        }
        int at = (head + size) & (deviceMs.length - 1);
        deviceMs[at] = atDeviceMs;
        latE7[at] = lat;
        lonE7[at] = lon;
        state[at] = stateCode;
        heading[at] = headingCentidegrees;
        speed[at] = speedCmPerS;
        accuracy[at] = accuracyDm;
        size++;
    }

    void removeFirst(int count) {
        head = (head + count) & (deviceMs.length - 1);
        size -= count;
    }

    int latE7(int position) {
        return latE7[(head + position) & (deviceMs.length - 1)];
    }

    int lonE7(int position) {
        return lonE7[(head + position) & (deviceMs.length - 1)];
    }

    /** The message of the fix at a position from the oldest. */
    Fix fix(int position, long seq) {
        int at = (head + position) & (deviceMs.length - 1);
        Fix.Builder fix = Fix.newBuilder()
                .setSeq(seq)
                .setDeviceTimeMs(deviceMs[at])
                .setLatE7(latE7[at])
                .setLonE7(lonE7[at])
                .setState(STATES[state[at] & 0x3])
                .setStateOnly((state[at] & STATE_ONLY) != 0);
        if (heading[at] != UNKNOWN) {
            fix.setHeadingCentidegrees(heading[at]);
        }
        if (speed[at] != UNKNOWN) {
            fix.setSpeedCmPerS(speed[at]);
        }
        if (accuracy[at] != UNKNOWN) {
            fix.setAccuracyDm(accuracy[at]);
        }
        return fix.build();
    }

    private void grow() {
        int capacity = deviceMs.length;
        deviceMs = unrolled(deviceMs);
        latE7 = unrolled(latE7);
        lonE7 = unrolled(lonE7);
        heading = unrolled(heading);
        speed = unrolled(speed);
        accuracy = unrolled(accuracy);
        byte[] states = Arrays.copyOf(state, capacity * 2);
        for (int i = 0; i < size; i++) {
            states[i] = state[(head + i) & (capacity - 1)];
        }
        state = states;
        head = 0;
    }

    private long[] unrolled(long[] old) {
        long[] grown = new long[old.length * 2];
        for (int i = 0; i < size; i++) {
            grown[i] = old[(head + i) & (old.length - 1)];
        }
        return grown;
    }

    private int[] unrolled(int[] old) {
        int[] grown = new int[old.length * 2];
        for (int i = 0; i < size; i++) {
            grown[i] = old[(head + i) & (old.length - 1)];
        }
        return grown;
    }
}
