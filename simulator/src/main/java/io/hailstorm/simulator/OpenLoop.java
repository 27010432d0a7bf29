package io.hailstorm.simulator;

import io.hailstorm.kernel.DriverState;
import io.hailstorm.protocol.v1.DriveRequest;
import io.hailstorm.protocol.v1.Offer;
import io.hailstorm.protocol.v1.OfferReply;
import io.hailstorm.protocol.v1.TripUpdate;
import java.util.BitSet;

/**
 * Streams recorded fixes as they are, each at its time, batched by phone and step. Its drivers want no trips: an offer is
 * declined.
 */
final class OpenLoop implements Phone.Listener {
    private final RecordedFixes fixes;
    private final Phone[] phones;
    private final BitSet started = new BitSet();
    private final BitSet touched = new BitSet();
    private int next;

    OpenLoop(RecordedFixes fixes, Phone[] phones) {
        this.fixes = fixes;
        this.phones = phones;
    }

    boolean isExhausted() {
        return next == fixes.size();
    }

    /** Hands over every fix due; one that finds its phone's buffer full waits, and the rest of the file with it. */
    int replayUntil(long nowMs) {
        int first = next;
        while (next < fixes.size() && fixes.epochMs(next) <= nowMs && take(next, nowMs)) {
            next++;
        }
        for (int v = touched.nextSetBit(0); v >= 0; v = touched.nextSetBit(v + 1)) {
            phones[v].flush(nowMs);
        }
        touched.clear();
        return next - first;
    }

    private boolean take(int row, long nowMs) {
        int vehicle = fixes.vehicle(row);
        Phone phone = phones[vehicle];
        if (!started.get(vehicle)) {
            started.set(vehicle);
            phone.start(nowMs);
        }
        if (phone.isFull()) {
            return false;
        }
        byte state = (fixes.isOccupied(row) ? DriverState.ON_TRIP : DriverState.IDLE).code();
        phone.capture(fixes.epochMs(row), fixes.latE7(row), fixes.lonE7(row), state);
        touched.set(vehicle);
        return true;
    }

    @Override
    public void onOffer(Phone phone, Offer offer, long receivedNs, long nowMs) {
        phone.command(DriveRequest.newBuilder()
                .setOfferReply(OfferReply.newBuilder()
                        .setTrip(offer.getTrip())
                        .setOffer(offer.getOffer())
                        .setAnswer(OfferReply.Answer.DECLINE))
                .build());
    }

    @Override
    public void onTripUpdate(Phone phone, TripUpdate update, long nowMs) {}

    @Override
    public void onResumed(Phone phone, long nowMs) {}

    @Override
    public boolean mayRestart(Phone phone) {
        return false;
    }
}
