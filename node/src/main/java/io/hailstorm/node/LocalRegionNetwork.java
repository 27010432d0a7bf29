package io.hailstorm.node;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.agrona.DirectBuffer;

/** Joins regions, and their witness, that live in one process: a frame sent is in the other's inbox. Any thread. */
final class LocalRegionNetwork {
    private final Map<String, RegionInbox> inboxes = new ConcurrentHashMap<>();

    /** The way in and out of a member. */
    Member join(String name) {
        RegionInbox inbox = new RegionInbox();
        inboxes.put(name, inbox);
        return new Member(name, inbox);
    }

    /** A member's transport; its owner's thread. */
    final class Member implements RegionNetwork {
        private final String name;
        private final RegionInbox inbox;

        private Member(String name, RegionInbox inbox) {
            this.name = name;
            this.inbox = inbox;
        }

        @Override
        public void onArrival(Runnable wake) {
            inbox.onArrival(wake);
        }

        @Override
        public boolean isUp(String peer) {
            return inboxes.containsKey(peer);
        }

        @Override
        public long droppedCount() {
            return inbox.droppedCount();
        }

        @Override
        public boolean send(String toMember, DirectBuffer message, int index, int length) {
            RegionInbox to = inboxes.get(toMember);
            if (to == null) {
                return false;
            }
            byte[] frame = new byte[length];
            message.getBytes(index, frame);
            to.add(name, frame);
            return true;
        }

        @Override
        public int poll(Receiver receiver, int maxMessages) {
            return inbox.poll(receiver, maxMessages);
        }

        @Override
        public int maxMessageBytes() {
            return RegionTransport.FRAME_BYTES_MAX;
        }

        /** Nobody reaches this member any more. */
        @Override
        public void close() {
            inboxes.remove(name, inbox);
        }
    }
}
