package io.hailstorm.simulator;

import io.grpc.Channel;
import io.grpc.Status;
import io.hailstorm.kernel.Invariants;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The servers that are known, by index: those given at the start, then those that a server named. Channels to one are made
 * when it is first gone to, and kept. One owner thread.
 */
public final class Endpoints {
    /** Endpoints known at most; one beyond is not followed. */
    public static final int ENDPOINTS_MAX = 16;

    static final int UNKNOWN = -1;

    private static final int PORT_MAX = 65_535;

    private final List<String> names = new ArrayList<>();
    private final List<List<? extends Channel>> channels = new ArrayList<>();
    private final Function<String, ? extends List<? extends Channel>> connect;
    private final boolean single;
    private final int initialCount;

    private Endpoints(
            List<String> initial, boolean single, Function<String, ? extends List<? extends Channel>> connect) {
        Invariants.require(
                !initial.isEmpty() && initial.size() <= ENDPOINTS_MAX, "a simulation needs 1 to 16 endpoints");
        this.connect = connect;
        this.single = single;
        initial.stream().distinct().forEach(this::add);
        initialCount = names.size();
    }

    /** One server behind these channels, whatever endpoint it names. */
    public static Endpoints single(List<? extends Channel> channels) {
        Invariants.require(!channels.isEmpty(), "a simulation needs a channel");
        return new Endpoints(List.of(""), true, name -> channels);
    }

    /**
     * Several servers.
     *
     * @param initial {@code HOST:PORT} of each, 1 to {@link #ENDPOINTS_MAX}
     * @param connect the channels to an endpoint, at least one, over which phones are spread; asked once an endpoint
     */
    public static Endpoints of(List<String> initial, Function<String, ? extends List<? extends Channel>> connect) {
        return new Endpoints(initial, false, connect);
    }

    private int add(String name) {
        names.add(name);
        channels.add(List.of());
        return names.size() - 1;
    }

    int count() {
        return names.size();
    }

    /** Where a client that knows nothing better begins. */
    int first(int clientIndex) {
        return clientIndex % initialCount;
    }

    int next(int endpoint) {
        return (endpoint + 1) % names.size();
    }

    /** The endpoint of that name; {@link #UNKNOWN} for one that is no {@code HOST:PORT}, or beyond the bound. */
    int named(String name) {
        if (single) {
            return 0;
        }
        int known = names.indexOf(name);
        if (known >= 0) {
            return known;
        }
        return isWellFormed(name) && names.size() < ENDPOINTS_MAX ? add(name) : UNKNOWN;
    }

    private static boolean isWellFormed(String name) {
        int colon = name.lastIndexOf(':');
        if (colon <= 0 || !name.substring(colon + 1).chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        String digits = name.substring(colon + 1);
        return !digits.isEmpty() && digits.length() <= 5 && Integer.parseInt(digits) <= PORT_MAX;
    }

    Channel channel(int endpoint, int clientIndex) {
        if (channels.get(endpoint).isEmpty()) {
            List<? extends Channel> made = connect.apply(names.get(endpoint));
            Invariants.require(!made.isEmpty(), "an endpoint without a channel");
            channels.set(endpoint, made);
        }
        List<? extends Channel> there = channels.get(endpoint);
        return there.get(clientIndex / initialCount % there.size());
    }

    /** Whether another server may well do what this one failed to do. */
    static boolean isWorthTryingElsewhere(Status failure) {
        return switch (failure.getCode()) {
            case UNAVAILABLE, DEADLINE_EXCEEDED, UNKNOWN, INTERNAL -> true;
            default -> false;
        };
    }
}
