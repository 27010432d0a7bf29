package io.hailstorm.ops;

import static io.hailstorm.ops.LiveFrameDescriptor.*;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.hailstorm.geo.PartitionMap;
import org.agrona.concurrent.UnsafeBuffer;

/** Writes frames in the layout of {@link LiveFrameDescriptor}. Stateless. */
final class FrameEncoder {
    private static final int U16_MAX = 0xFFFF;

    private FrameEncoder() {}

    /** The header's and stats' figures. */
    record Headline(
            long timeMs,
            int offlineCount,
            int idleCount,
            int enRouteCount,
            int onTripCount,
            int openTripCount,
            double fixesPerS,
            double requestsPerS,
            double offersPerS,
            double completionsPerS,
            long waitP50Ms,
            long waitP95Ms,
            long priceVersion,
            int multiplierMilliMax,
            int multiplierMilliMean,
            long lagRecords) {}

    static byte[] heartbeat(int number, Headline headline) {
        byte[] bytes = new byte[VEHICLES_OFFSET];
        header(new UnsafeBuffer(bytes), FLAG_HEARTBEAT, number, headline, 0, 0, 0);
        return bytes;
    }

    /** @param frameVehicleMax more vehicles than this are sampled further */
    static byte[] picture(
            int number,
            Headline headline,
            VehicleTable vehicles,
            CellTable cells,
            PartitionMap map,
            int frameVehicleMax) {
        int shift = vehicles.sampleShift();
        int vehicleCount = vehicles.count();
        while (vehicleCount > frameVehicleMax) {
            shift++;
            vehicleCount = sampledCount(vehicles, shift);
        }
        int cellCount = 0;
        for (int i = 0; i < cells.count(); i++) {
            cellCount += cells.isShown(i) ? 1 : 0;
        }
        byte[] bytes = new byte[VEHICLES_OFFSET + vehicleCount * VEHICLE_LENGTH + cellCount * CELL_LENGTH];
        UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        header(buffer, 0, number, headline, vehicleCount, cellCount, shift);
        int at = vehicles(buffer, VEHICLES_OFFSET, vehicles, shift, headline.timeMs());
        cells(buffer, at, cells, map);
        return bytes;
    }

    private static int sampledCount(VehicleTable vehicles, int shift) {
        int count = 0;
        for (int slot = 0; slot < vehicles.count(); slot++) {
            count += VehicleTable.isSampled(vehicles.driver(slot), shift) ? 1 : 0;
        }
        return count;
    }

    private static void header(
            UnsafeBuffer buffer, int flags, int number, Headline headline, int vehicleCount, int cellCount, int shift) {
        buffer.putInt(MAGIC_OFFSET, MAGIC, LITTLE_ENDIAN);
        buffer.putShort(VERSION_OFFSET, (short) VERSION, LITTLE_ENDIAN);
        buffer.putShort(FLAGS_OFFSET, (short) flags, LITTLE_ENDIAN);
        buffer.putInt(LENGTH_OFFSET, buffer.capacity(), LITTLE_ENDIAN);
        buffer.putInt(NUMBER_OFFSET, number, LITTLE_ENDIAN);
        buffer.putLong(TIME_MS_OFFSET, headline.timeMs(), LITTLE_ENDIAN);
        buffer.putInt(VEHICLE_COUNT_OFFSET, vehicleCount, LITTLE_ENDIAN);
        buffer.putInt(CELL_COUNT_OFFSET, cellCount, LITTLE_ENDIAN);
        buffer.putByte(SAMPLE_SHIFT_OFFSET, (byte) shift);

        int at = STATS_OFFSET;
        buffer.putInt(at, headline.offlineCount(), LITTLE_ENDIAN);
        buffer.putInt(at + 4, headline.idleCount(), LITTLE_ENDIAN);
        buffer.putInt(at + 8, headline.enRouteCount(), LITTLE_ENDIAN);
        buffer.putInt(at + 12, headline.onTripCount(), LITTLE_ENDIAN);
        buffer.putInt(at + 16, headline.openTripCount(), LITTLE_ENDIAN);
        buffer.putFloat(at + 20, (float) headline.fixesPerS(), LITTLE_ENDIAN);
        buffer.putFloat(at + 24, (float) headline.requestsPerS(), LITTLE_ENDIAN);
        buffer.putFloat(at + 28, (float) headline.offersPerS(), LITTLE_ENDIAN);
        buffer.putFloat(at + 32, (float) headline.completionsPerS(), LITTLE_ENDIAN);
        buffer.putInt(at + 36, (int) headline.waitP50Ms(), LITTLE_ENDIAN);
        buffer.putInt(at + 40, (int) headline.waitP95Ms(), LITTLE_ENDIAN);
        buffer.putInt(at + 44, (int) headline.priceVersion(), LITTLE_ENDIAN);
        buffer.putInt(at + 48, headline.multiplierMilliMax(), LITTLE_ENDIAN);
        buffer.putInt(at + 52, headline.multiplierMilliMean(), LITTLE_ENDIAN);
        buffer.putLong(at + 56, headline.lagRecords(), LITTLE_ENDIAN);
    }

    private static int vehicles(UnsafeBuffer buffer, int start, VehicleTable vehicles, int shift, long nowMs) {
        int at = start;
        boolean all = shift == vehicles.sampleShift();
        for (int slot = 0; slot < vehicles.count(); slot++) {
            if (!all && !VehicleTable.isSampled(vehicles.driver(slot), shift)) {
                continue;
            }
            long ageS = Math.clamp((nowMs - vehicles.lastSeenMs(slot)) / 1000, 0, 255);
            buffer.putLong(at, vehicles.driver(slot), LITTLE_ENDIAN);
            buffer.putInt(at + 8, vehicles.latE7(slot), LITTLE_ENDIAN);
            buffer.putInt(at + 12, vehicles.lonE7(slot), LITTLE_ENDIAN);
            buffer.putShort(at + 16, (short) vehicles.headingCentidegrees(slot), LITTLE_ENDIAN);
            buffer.putShort(at + 18, (short) vehicles.speedCmPerS(slot), LITTLE_ENDIAN);
            buffer.putByte(at + 20, vehicles.state(slot));
            buffer.putByte(at + 21, (byte) ageS);
            at += VEHICLE_LENGTH;
        }
        return at;
    }

    private static void cells(UnsafeBuffer buffer, int start, CellTable cells, PartitionMap map) {
        int at = start;
        for (int i = 0; i < cells.count(); i++) {
            if (!cells.isShown(i)) {
                continue;
            }
            int owner = map.partitionOf(cells.cell(i));
            buffer.putLong(at, cells.cell(i), LITTLE_ENDIAN);
            buffer.putShort(at + 8, (short) Math.min(cells.multiplierMilli(i), U16_MAX), LITTLE_ENDIAN);
            buffer.putShort(at + 10, (short) Math.min(cells.supply(i), U16_MAX), LITTLE_ENDIAN);
            buffer.putShort(at + 12, (short) Math.min(cells.demand(i), U16_MAX), LITTLE_ENDIAN);
            buffer.putShort(at + 14, (short) (owner == PartitionMap.NO_PARTITION ? UNKNOWN_U16 : owner), LITTLE_ENDIAN);
            at += CELL_LENGTH;
        }
    }
}
