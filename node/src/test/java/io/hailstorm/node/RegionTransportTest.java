package io.hailstorm.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hailstorm.ingest.DevKeys;
import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.SystemTimeSource;
import io.hailstorm.kernel.TimeSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Over real connections on the loopback address. */
final class RegionTransportTest {
    private static final String LOOPBACK = "127.0.0.1";
    private static final long WAIT_NS_MAX = 20_000_000_000L;
    private static final long PAUSE_NS = 1_000_000;

    private final TimeSource wall = new SystemTimeSource();
    private final DevKeys keys = DevKeys.ephemeral();
    private final List<RegionTransport> opened = new ArrayList<>();
    private final List<String> received = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(RegionTransport::close);
    }

    private RegionTransport open(String self, int port, Map<String, String> peers, boolean answersStrangers) {
        return open(self, port, peers, answersStrangers, keys);
    }

    private RegionTransport open(
            String self, int port, Map<String, String> peers, boolean answersStrangers, DevKeys signedBy) {
        RegionTransport transport = RegionTransport.open(
                new RegionTransport.Place(self, LOOPBACK, port, peers, answersStrangers), signedBy, wall);
        opened.add(transport);
        return transport;
    }

    private static String at(RegionTransport transport) {
        return LOOPBACK + ":" + transport.port();
    }

    private static boolean send(RegionTransport from, String to, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return from.send(to, new UnsafeBuffer(bytes), 0, bytes.length);
    }

    private int poll(RegionTransport at) {
        return at.poll(
                (from, buffer, index, length) ->
                        received.add(from + ":" + buffer.getStringWithoutLengthUtf8(index, length)),
                1_000);
    }

    private void await(String what, BooleanSupplier condition) {
        long endNs = wall.monotonicNs() + WAIT_NS_MAX;
        while (!condition.getAsBoolean()) {
            assertThat(wall.monotonicNs()).as(what).isLessThan(endNs);
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    @Test
    void carriesFramesBothWaysOverTheStreamOfTheOneThatKnowsTheAddress() {
        RegionTransport witness = open("witness", 0, Map.of(), true);
        RegionTransport north = open("north", 0, Map.of("witness", at(witness)), false);

        send(north, "witness", "who writes?");
        await("the question", () -> poll(witness) > 0);
        send(witness, "north", "you do");
        await("the answer", () -> poll(north) > 0);

        assertThat(received).containsExactly("north:who writes?", "witness:you do");
        assertThat(north.isUp("witness")).isTrue();
        assertThat(send(north, "nobody", "hello")).isFalse();
    }

    @Test
    void keepsTheOrderOfManyFramesOnOneStreamAndLosesNoneWithinItsBounds() {
        RegionTransport south = open("south", 0, Map.of(), true);
        RegionTransport north = open("north", 0, Map.of("south", at(south)), false);
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            String text = "x".repeat(i % 977) + i;
            assertThat(send(north, "south", text)).isTrue();
            sent.add("north:" + text);
        }
        await("all frames", () -> {
            poll(south);
            return received.size() >= sent.size();
        });
        assertThat(received).isEqualTo(sent);
        assertThat(north.droppedCount()).isZero();
    }

    @Test
    void dropsFramesWhileThePeerIsAwayAndFindsItAgainAtTheSamePort() {
        RegionTransport first = open("south", 0, Map.of(), true);
        int port = first.port();
        RegionTransport north = open("north", 0, Map.of("south", at(first)), false);
        send(north, "south", "early");
        await("the first frame", () -> poll(first) > 0);
        first.close();
        await("the loss of the stream", () -> !north.isUp("south"));
        await("a frame to be dropped", () -> {
            send(north, "south", "into the void");
            return north.droppedCount() > 0;
        });

        RegionTransport second = open("south", port, Map.of(), true);
        await("a frame on the new stream", () -> {
            send(north, "south", "late");
            return poll(second) > 0;
        });
        assertThat(received).last().isEqualTo("north:late");
    }

    @Test
    void dropsBeyondTheBoundInsteadOfKeepingAll() {
        RegionTransport north = open("north", 0, Map.of("south", LOOPBACK + ":1"), false);
        boolean taken = true;
        for (int i = 0; i <= RegionLink.FRAMES_MAX + 1_000_000 && taken; i++) {
            taken = send(north, "south", "filler") || north.droppedCount() == 0;
        }
        assertThat(north.droppedCount()).isPositive();
    }

    @Test
    void refusesWhoeverIsNotSignedForOrNotKnown() {
        RegionTransport south = open("south", 0, Map.of("north", LOOPBACK + ":1"), false);
        RegionTransport forged = open("north", 0, Map.of("south", at(south)), false, DevKeys.ephemeral());
        RegionTransport stranger = open("east", 0, Map.of("south", at(south)), false);
        RegionTransport north = open("north", 0, Map.of("south", at(south)), false);
        await("the peer's frame", () -> {
            send(forged, "south", "forged");
            send(stranger, "south", "strange");
            send(north, "south", "true");
            poll(south);
            return received.contains("north:true");
        });
        assertThat(received).containsOnly("north:true");
        assertThat(forged.isUp("south")).isFalse();
        assertThat(stranger.isUp("south")).isFalse();
    }

    @Test
    void saysWhichPortIsTaken() {
        RegionTransport north = open("north", 0, Map.of(), false);
        assertThatThrownBy(() -> open("south", north.port(), Map.of(), false))
                .isInstanceOfSatisfying(
                        HailstormException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FAILED_PRECONDITION))
                .hasMessageContaining(":" + north.port())
                .hasMessageContaining("--region-port");
    }
}
