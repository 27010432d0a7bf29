package io.hailstorm.ingest;

/**
 * Where a phone that says hello belongs, by what this node has read and by what the phone was told before. What this node
 * serves it knows all of; of the rest it may have read too little, and then what the phone claims keeps it from taking in
 * a driver who is somebody else's. Owned by the agent's thread.
 *
 * <table>
 * <caption>First match wins</caption>
 * <tr><th>the driver</th><th>the phone</th></tr>
 * <tr><td>is leaving this node</td><td>waits until that is durable</td></tr>
 * <tr><td>is of a partition served here</td><td>is greeted</td></tr>
 * <tr><td>claims a partition served elsewhere, and a driver epoch not heard of</td><td>is sent there</td></tr>
 * <tr><td>claims to be on the way here under one not heard of</td><td>waits until that is read</td></tr>
 * <tr><td>has no record</td><td>is greeted: whoever has the cell of its first fix takes it in</td></tr>
 * <tr><td>is on the way here, or on the way back</td><td>waits until that is durable</td></tr>
 * <tr><td>is on the way elsewhere</td><td>is sent there</td></tr>
 * <tr><td>is of a partition served elsewhere</td><td>is sent there</td></tr>
 * </table>
 */
final class Reception {
    /** What to do with a phone. */
    sealed interface Answer {}

    /** Greet it. */
    record Here() implements Answer {}

    /** Not known yet. */
    record Unclear() implements Answer {}

    /** Send it to whoever serves the partition. */
    record Elsewhere(int partition, AuthorityClaim authority) implements Answer {}

    private static final Here HERE = new Here();
    private static final Unclear UNCLEAR = new Unclear();

    private final DriverSessions sessions;
    private final PartitionServers servers;
    private final HandOvers handOvers;
    private final FixAppender appender;
    private final int partitionCount;

    Reception(
            DriverSessions sessions,
            PartitionServers servers,
            HandOvers handOvers,
            FixAppender appender,
            int partitionCount) {
        this.sessions = sessions;
        this.servers = servers;
        this.handOvers = handOvers;
        this.appender = appender;
        this.partitionCount = partitionCount;
    }

    Answer of(long driver, AuthorityClaim claim, long nowMs) {
        DriverSession known = sessions.find(driver);
        if (known != null && known.leaving) {
            return UNCLEAR;
        }
        boolean owned = known != null && known.owner != DriverSession.NO_OWNER;
        if (known != null && owned && !known.isBetween() && servers.serves(known.owner)) {
            return HERE;
        }
        // Of a driver whom only an opened range has named, the phone may know more: whose it is.
        int heard = known == null || !owned ? 0 : known.deHeard();
        boolean claims = claim.partition() >= 0 && claim.partition() < partitionCount;
        if (claims && (claim.de() > heard || heard == 0)) {
            if (!servers.serves(claim.partition())) {
                return new Elsewhere(claim.partition(), claim);
            }
            if (claim.underWay()) {
                handOvers.believe(driver, claim, nowMs);
                return UNCLEAR;
            }
            // This node has read all of that partition: what it does not know was lost with a former owner.
        }
        if (known == null || !owned) {
            return HERE;
        }
        return known.isBetween() ? between(known, nowMs) : elsewhere(known.owner, known.de, false);
    }

    private Answer between(DriverSession session, long nowMs) {
        boolean from = servers.serves(session.owner);
        if (session.isRefused()) {
            return from ? UNCLEAR : new Elsewhere(session.owner, AuthorityClaim.NONE);
        }
        if (servers.serves(session.handedOverTo) || (from && handOvers.askBack(session, nowMs))) {
            return UNCLEAR;
        }
        return elsewhere(session.handedOverTo, session.de + 1, true);
    }

    private static Elsewhere elsewhere(int partition, int de, boolean underWay) {
        return new Elsewhere(partition, new AuthorityClaim(partition, de, underWay));
    }

    /** What a phone that is greeted is told of where its driver belongs; nothing that a crash could take back. */
    AuthorityClaim authority(DriverSession session) {
        if (session.isChangeUndurable()) {
            return AuthorityClaim.NONE;
        }
        return session.owner == DriverSession.NO_OWNER
                ? new AuthorityClaim(appender.latePartition(session), 0, false)
                : new AuthorityClaim(session.owner, session.de, false);
    }
}
