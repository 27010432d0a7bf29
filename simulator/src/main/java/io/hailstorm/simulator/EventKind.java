package io.hailstorm.simulator;

/** What an event of the {@link CalendarQueue} is about: a kind in the top byte, an index below. */
enum EventKind {
    /** A vehicle moves and its phone takes a fix. Index: vehicle. */
    VEHICLE_TICK,
    /** A driver has decided about an offer. Index: vehicle. */
    DRIVER_DECIDES,
    /** The rider is on board. Index: vehicle. */
    RIDER_BOARDED,
    /** A driver's command may have gone unanswered. Index: vehicle. */
    DRIVER_RETRY,
    /** A phone has something to send. Index: phone. */
    PHONE_SEND,
    PHONE_CONNECT,
    /** The radio network loses a phone. */
    PHONE_DROP,
    /** The driver restarts the app. */
    PHONE_RESTART,
    /** A rider appears. Index: 0. */
    DEMAND,
    /** A rider's call may have gone unanswered, or must be tried again. Index: rider. */
    RIDER_RETRY,
    /** A rider loses patience. Index: rider. */
    RIDER_CANCEL,
    /** A rider's watch is opened again. Index: rider. */
    RIDER_WATCH,
    /** A phone has waited long enough for its server. */
    PHONE_GIVE_UP;

    private static final int KIND_SHIFT = 56;
    private static final EventKind[] VALUES = values();

    @SuppressWarnings("EnumOrdinal") // an event never leaves the process
    long event(long index) {
        return (long) ordinal() << KIND_SHIFT | index;
    }

    static EventKind kindOf(long event) {
        return VALUES[(int) (event >>> KIND_SHIFT)];
    }

    static int indexOf(long event) {
        return (int) event;
    }
}
