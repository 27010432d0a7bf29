package io.hailstorm.kernel;

/** What a driver's phone says the driver is doing; carried by every fix. Codes are forever. */
public enum DriverState {
    OFFLINE(0),
    /** Free and willing to take an offer. */
    IDLE(1),
    /** Driving to a pickup, or waiting there. */
    EN_ROUTE(2),
    /** A rider is on board. */
    ON_TRIP(3);

    private static final DriverState[] BY_CODE = {OFFLINE, IDLE, EN_ROUTE, ON_TRIP};

    private final byte code;

    DriverState(int code) {
        this.code = (byte) code;
    }

    public byte code() {
        return code;
    }

    /** @throws HailstormException with {@link ErrorCode#OUT_OF_RANGE} for an unknown code */
    public static DriverState ofCode(byte code) {
        if (code < 0 || code >= BY_CODE.length) {
            throw new HailstormException(
                    ErrorCode.OUT_OF_RANGE, "unknown driver state code: expected 0..3, got " + code);
        }
        return BY_CODE[code];
    }
}
