package io.hailstorm.log;

import io.hailstorm.kernel.ErrorCode;
import io.hailstorm.kernel.HailstormException;
import io.hailstorm.kernel.RecordType;
import io.hailstorm.kernel.Safeguards;
import io.hailstorm.kernel.StreamName;
import io.hailstorm.kernel.testing.FaultyDisk;
import io.hailstorm.kernel.testing.VirtualTime;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Regions with the production engine on bad disks and a bad network, in one thread: writers append wherever a member says it
 * owns, everything that anybody was ever shown is remembered, and must be the same for all and, at level GEO, for ever.
 */
final class GeoSimulation {
    private static final StreamName[] STREAMS = {StreamName.FIXES, StreamName.CONTROL};
    private static final int PARTITIONS_EACH = 1;
    private static final Path WITNESS_DIR = Path.of("/witness");

    /** Something that must never happen. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1;

        Violation(String message) {
            super(message);
        }
    }

    /** A region's process and the disk that outlives it. */
    private final class Member {
        final String name;
        FaultyDisk disk = new FaultyDisk();

        @Nullable
        GeoLog log;

        final Map<String, Long> read = new HashMap<>();
        long startAtNs;

        Member(String name) {
            this.name = name;
        }

        void start() {
            read.clear();
            GeoLogConfig geo = GeoLogConfig.defaults(name, members, "witness")
                    .withAckLevel(level)
                    .withHandBackWhenCaughtUp(true);
            log = GeoLog.open(geo, config(), network.of(name), disk, time, LogFixture.DATA_DIR, safeguards);
        }

        void crash(boolean power) {
            log = null;
            disk = power ? disk.crash(random.nextLong()) : disk.kill();
            startAtNs = time.monotonicNs() + random.nextInt(3_000) * 1_000_000L;
            crashes++;
        }

        /** The machine is replaced by one with an empty disk. */
        void replace() {
            crash(true);
            disk = new FaultyDisk();
            wipes++;
        }
    }

    final List<GeoMember> members = new ArrayList<>();
    private final List<Member> all = new ArrayList<>();
    private final VirtualTime time = new VirtualTime(1_700_000_000_000L);
    private final Random random;
    private final SimulatedNetwork network;
    private final AckLevel level;
    private final Safeguards safeguards;
    private final Map<String, Map<Long, Long>> shown = new HashMap<>();
    private final RecordBatch batch = new RecordBatch(8 * 1024);
    private final UnsafeBuffer payload = new UnsafeBuffer(new byte[64]);
    private FaultyDisk witnessDisk = new FaultyDisk();
    private @Nullable GeoWitness witness;
    private long nextValue = 1;
    private boolean isCalm;
    /** Whether machines are replaced, too. */
    boolean losesDisks;

    /** Shown at level DISK, gone, and accounted for; once for each member. */
    long lost;

    int crashes;
    int wipes;
    long takeovers;
    long appended;

    GeoSimulation(long seed, int memberCount, AckLevel level, Safeguards safeguards) {
        random = new Random(seed);
        network = new SimulatedNetwork(random);
        this.level = level;
        this.safeguards = safeguards;
        for (int i = 0; i < memberCount; i++) {
            members.add(new GeoMember("r" + i, "host-" + i + ":1", i * PARTITIONS_EACH, PARTITIONS_EACH));
            all.add(new Member("r" + i));
        }
        witness = GeoWitness.open(witnessDisk, WITNESS_DIR, network.of("witness"));
        all.forEach(Member::start);
    }

    private LogConfig config() {
        StreamConfig small = new StreamConfig(
                AckLevel.DISK,
                5_000_000,
                1 << 20,
                64 * 1024,
                32 * 1024,
                StreamConfig.UNLIMITED,
                StreamConfig.UNLIMITED);
        LogConfig config = LogConfig.defaults(members.size() * PARTITIONS_EACH);
        for (StreamName stream : StreamName.values()) {
            config = config.withStream(stream, small);
        }
        return config;
    }

    /** So many steps with faults, then as long as it takes without; throws a {@link Violation}. */
    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            step();
            fault();
        }
        network.heal();
        isCalm = true;
        if (witness == null) {
            startWitness();
        }
        for (int i = 0; i < 60_000 && !hasConverged(); i++) {
            step();
        }
        if (!hasConverged()) {
            throw new Violation("no agreement " + 60 + " s after the faults stopped: " + describe());
        }
        all.forEach(this::checkNothingLost);
    }

    private void step() {
        time.advanceNs(500_000 + random.nextInt(1_000_000));
        network.advance(time.monotonicNs());
        GeoWitness up = witness;
        if (up != null) {
            up.doWork(time.monotonicNs());
        } else if (random.nextInt(500) == 0) {
            startWitness();
        }
        for (Member member : all) {
            GeoLog log = member.log;
            if (log == null) {
                if (time.monotonicNs() >= member.startAtNs) {
                    member.start();
                }
                continue;
            }
            try {
                log.doWork(time.monotonicNs());
                write(log);
                look(member, log);
            } catch (HailstormException e) {
                if (e.code() != ErrorCode.UNAVAILABLE) {
                    throw e;
                }
                member.crash(false);
            }
        }
    }

    private void startWitness() {
        witness = GeoWitness.open(witnessDisk, WITNESS_DIR, network.of("witness"));
    }

    private void write(GeoLog log) {
        if (isCalm || random.nextInt(4) > 0) {
            return;
        }
        int partition = random.nextInt(log.partitionCount());
        if (!log.owns(partition)) {
            return;
        }
        StreamName stream = STREAMS[random.nextInt(STREAMS.length)];
        int count = 1 + random.nextInt(4);
        batch.begin(1, RecordBatch.NO_PRODUCER, 0, 0, nextValue);
        for (int i = 0; i < count; i++) {
            payload.putLong(0, nextValue + i);
            batch.add(RecordType.EVENT, payload, 0, 64);
        }
        if (log.partition(stream, partition).append(batch) >= 0) {
            nextValue += count;
            appended += count;
        }
    }

    private void look(Member member, GeoLog log) {
        for (StreamName stream : STREAMS) {
            for (int p = 0; p < log.partitionCount(); p++) {
                String of = stream + "/" + p;
                PartitionLog partition = log.partition(stream, p);
                long from = member.read.getOrDefault(of, 0L);
                if (partition.durableOffset() > from) {
                    Map<Long, Long> known = shown.computeIfAbsent(of, key -> new HashMap<>());
                    long next = partition.read(from, 1_000, (offset, hlc, type, buffer, index, length) -> {
                        Long before = known.putIfAbsent(offset, buffer.getLong(index));
                        if (level == AckLevel.GEO || stream == StreamName.CONTROL) {
                            if (before != null && before != buffer.getLong(index)) {
                                throw new Violation(of + "@" + offset + ": shown " + before + ", then "
                                        + buffer.getLong(index) + " by " + member.name);
                            }
                        }
                        return true;
                    });
                    member.read.put(of, next);
                }
            }
        }
    }

    private void fault() {
        int dice = random.nextInt(4_000);
        Member one = all.get(random.nextInt(all.size()));
        Member other = all.get(random.nextInt(all.size()));
        if (dice < 4 && one.log != null) {
            takeovers += one.log.status().counters().takeoverCount();
            one.crash(dice < 2);
        } else if (dice < 8) {
            network.cut(one.name, other.name);
        } else if (dice < 10) {
            network.cut(one.name, random.nextBoolean() ? "witness" : other.name);
            network.cut(other.name, one.name);
        } else if (dice < 20) {
            network.heal();
        } else if (dice < 24) {
            network.misbehave(0.2, 0.2, 30_000_000);
        } else if (dice < 25 && witness != null) {
            witness = null;
            witnessDisk = witnessDisk.crash(random.nextLong());
        } else if (losesDisks && dice < 28 && isSpare(one)) {
            one.replace();
        }
    }

    /** Whether somebody else has whatever was acknowledged, and everybody knows so. */
    private boolean isSpare(Member one) {
        GeoWitness register = witness;
        if (level != AckLevel.GEO || register == null || one.log == null) {
            return false;
        }
        if (all.stream().anyMatch(member -> member.log == null || !member.log.isWhole())) {
            return false;
        }
        for (GeoStatus.Region region : one.log.status().regions()) {
            Tenure known = region.tenure();
            boolean isCurrent = known.equals(register.tenures().get(known.region()));
            if (!isCurrent
                    || (known.primary().equals(one.name) && known.copies().size() < 2)) {
                return false;
            }
        }
        return true;
    }

    private boolean hasConverged() {
        for (Member member : all) {
            GeoLog log = member.log;
            if (log == null || !log.isReady()) {
                return false;
            }
            for (GeoMember home : members) {
                if (home.region().equals(member.name) != log.owns(home.firstPartition())) {
                    return false;
                }
            }
            for (StreamName stream : STREAMS) {
                for (int p = 0; p < log.partitionCount(); p++) {
                    PartitionLog partition = log.partition(stream, p);
                    long end = partition.endOffset();
                    boolean same = all.stream()
                            .allMatch(each -> each.log != null
                                    && each.log
                                                    .partition(stream, partition.partition())
                                                    .endOffset()
                                            == end);
                    if (!same || partition.durableOffset() != end) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    private void checkNothingLost(Member member) {
        GeoLog log = member.log;
        if (log == null) {
            throw new Violation(member.name + " is down");
        }
        member.read.clear();
        for (StreamName stream : STREAMS) {
            boolean mayLose = level == AckLevel.DISK && stream != StreamName.CONTROL;
            for (int p = 0; p < log.partitionCount(); p++) {
                Map<Long, Long> known = shown.getOrDefault(stream + "/" + p, Map.of());
                Map<Long, Long> kept = new HashMap<>();
                PartitionLog partition = log.partition(stream, p);
                long next = 0;
                while (next < partition.durableOffset()) {
                    next = partition.read(next, 1_000, (offset, hlc, type, buffer, index, length) -> {
                        kept.put(offset, buffer.getLong(index));
                        return true;
                    });
                }
                for (Map.Entry<Long, Long> each : known.entrySet()) {
                    boolean isKept = each.getValue().equals(kept.get(each.getKey()));
                    if (!isKept && mayLose && isInGap(stream, p, each.getKey())) {
                        lost++;
                    } else if (!isKept) {
                        throw new Violation(stream + "/" + p + "@" + each.getKey() + ": " + each.getValue()
                                + " was shown, " + member.name + " has " + kept.get(each.getKey()));
                    }
                }
            }
        }
    }

    /** Whether anybody's record says that this was lost. */
    private boolean isInGap(StreamName stream, int partition, long offset) {
        return all.stream()
                .flatMap(member -> member.log == null ? Stream.of() : member.log.status().gaps().stream())
                .anyMatch(gap -> gap.stream() == stream
                        && gap.partition() == partition
                        && gap.from() <= offset
                        && offset < gap.to());
    }

    long shownCount() {
        return shown.values().stream().mapToLong(Map::size).sum();
    }

    private String describe() {
        StringBuilder text = new StringBuilder();
        for (Member member : all) {
            text.append('\n').append(member.name).append(": ");
            GeoLog log = member.log;
            text.append(log == null ? "down" : log.status().toString());
        }
        return text.toString();
    }
}
