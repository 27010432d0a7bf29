package io.hailstorm.ingest;

import io.hailstorm.protocol.v1.Authority;
import io.hailstorm.protocol.v1.Hello;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * What a phone says a server told it about where its driver belongs. Believed only as far as it makes a node wait or send
 * the phone on: what is in the log counts.
 *
 * @param partition {@link #NOWHERE} when the phone says nothing
 * @param de driver epoch; 0 for a driver of whom nothing was accepted
 * @param underWay the driver is being handed over to the partition
 */
record AuthorityClaim(int partition, int de, boolean underWay) {
    static final int NOWHERE = -1;
    static final AuthorityClaim NONE = new AuthorityClaim(NOWHERE, 0, false);

    static AuthorityClaim of(Hello hello) {
        Authority authority = hello.getAuthority();
        boolean usable = hello.hasAuthority() && authority.getPartition() >= 0 && authority.getDe() >= 0;
        return usable ? new AuthorityClaim(authority.getPartition(), authority.getDe(), authority.getUnderWay()) : NONE;
    }

    static AuthorityClaim read(DirectBuffer buffer, int index) {
        int partition = buffer.getInt(index + EdgeRing.SMALL_OFFSET) - 1;
        return partition == NOWHERE
                ? NONE
                : new AuthorityClaim(
                        partition,
                        buffer.getInt(index + EdgeRing.LONG_3_OFFSET),
                        buffer.getInt(index + EdgeRing.SMALL_2_OFFSET) != 0);
    }

    void write(MutableDirectBuffer buffer, int index) {
        buffer.putInt(index + EdgeRing.SMALL_OFFSET, partition + 1);
        buffer.putInt(index + EdgeRing.LONG_3_OFFSET, de);
        buffer.putInt(index + EdgeRing.SMALL_2_OFFSET, underWay ? 1 : 0);
    }

    boolean isNone() {
        return partition == NOWHERE;
    }

    Authority toProto() {
        return Authority.newBuilder()
                .setPartition(partition)
                .setDe(de)
                .setUnderWay(underWay)
                .build();
    }
}
