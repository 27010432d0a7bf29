package io.hailstorm.kernel;

/**
 * The protections that ordered migration rests on, one a way to break it. A node runs with {@link Safeguards#ALL}; the
 * simulated world takes one away to show that the loss is noticed, and so that the protection is needed and its test can
 * fail.
 */
public enum Safeguard {
    /** A seal holds until the control stream ends the move, however long that takes. */
    NO_TIMER_REOPENS("timer-reopens"),
    /** A target opens a range only when it has read the source up to the seal. */
    DRAIN_BEFORE_OPEN("open-before-drained"),
    /** A target accepts only once the control stream says it owns the range. */
    SERVE_AFTER_ACTIVE("serving-before-active"),
    /** A number that a driver's session has used is not accepted again. */
    DEDUPE("no-dedupe"),
    /** What a crash could take back is not acknowledged. */
    ACK_AFTER_SYNC("ack-before-fsync"),
    /** A seal that a crash could take back is not entered in the control stream. */
    SEAL_DURABLE("undurable-seal"),
    /** What a crash could take back is not copied to a target or a peer. */
    COPY_DURABLE("copy-undurable"),
    /** An opened range brings the positions of its drivers. */
    OPEN_WITH_STATE("open-without-state"),
    /** A source takes a sealed range back through the control stream first. */
    REACTIVATE_BY_CONTROL("blind-reactivation"),
    /** A region that takes another's log over first makes sure that the other can acknowledge nothing more. */
    FENCE_BEFORE_TAKEOVER("failover-without-fence"),
    /** A hand-over counts only when its driver epoch is higher than any seen. */
    HANDOVER_EPOCH("handover-without-epoch-check"),
    /** A driver is handed over only by a record that a crash cannot take back. */
    HANDOVER_DURABLE("handover-before-durable"),
    /** A driver is taken back only when the other side has durably refused it. */
    TOMBSTONE_BEFORE_TAKE_BACK("take-back-without-tombstone");

    private final String mutation;

    Safeguard(String mutation) {
        this.mutation = mutation;
    }

    /** What the protocol does without it, as the command line calls it. */
    public String mutation() {
        return mutation;
    }
}
