package io.hailstorm.ops;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import java.util.Set;

/**
 * Settings of the admin surface.
 *
 * @param bindAddress interface to listen on; loopback by default, because this surface has no log-in
 * @param allowedHosts host names a request may name besides loopback ones, while bound to loopback; a page
 *     from elsewhere that re-binds its own name to 127.0.0.1 is thereby refused
 * @param frameIntervalMs wall time between two live frames of one client, 100 to 1000
 * @param liveClientMax clients of {@code /live} at a time; one more is answered 503
 * @param vehicleMax vehicles kept; a larger fleet is sampled evenly by driver
 * @param frameVehicleMax vehicles sent in one frame; more are sampled evenly by driver
 */
public record OpsConfig(
        String bindAddress,
        Set<String> allowedHosts,
        int frameIntervalMs,
        int liveClientMax,
        int vehicleMax,
        int frameVehicleMax) {
    public static final OpsConfig DEFAULT = new OpsConfig("127.0.0.1", Set.of(), 200, 64, 200_000, 50_000);

    public OpsConfig {
        requireRange("frameIntervalMs", frameIntervalMs, 100, 1000);
        requireRange("liveClientMax", liveClientMax, 1, 4096);
        requireRange("vehicleMax", vehicleMax, 16, 4_000_000);
        requireRange("frameVehicleMax", frameVehicleMax, 16, 1_000_000);
        allowedHosts = Set.copyOf(allowedHosts);
    }

    public OpsConfig withBindAddress(String address) {
        return new OpsConfig(address, allowedHosts, frameIntervalMs, liveClientMax, vehicleMax, frameVehicleMax);
    }

    private static void requireRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new HailstormException(
                    ErrorCode.INVALID_ARGUMENT,
                    name + " out of range: expected " + min + ".." + max + ", got " + value);
        }
    }
}
