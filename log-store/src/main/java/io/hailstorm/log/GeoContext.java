package io.hailstorm.log;

import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;

/** What the groups of a geo log share: how they reach others, and whom they tell. The log's thread. */
interface GeoContext {
    GeoLogConfig config();

    Safeguards safeguards();

    /** Where a partition of a stream stands in {@link GeoTerms}. */
    int termSlot(StreamName stream, int partition);

    void send(String member, GeoMessage message);

    /** @return false when it was not sent: later again */
    boolean sendBatch(String member, int group, long term, int slot, CopiedBatch batch);

    /** Asks the witness for a change; what became of it shows when the register is read. */
    void compareAndSet(long expectedVersion, Tenure next);

    void readRegisterSoon();

    void acquired(GeoMember home, long term);

    void releasing(GeoMember home);

    void lost(GeoMember home);

    void tookOver(String region, String from, long term);

    /** The register says this member is the primary, of something its disk has never held. */
    void lostDisk(Tenure tenure);

    void report(GeoStatus.Gap gap);

    void droppedCopy();

    void joinedCopy();

    void restartedCopy();

    void fencedConfirm();
}
