package io.hailstorm.ingest;

import io.hailstorm.protocol.v1.CellPrice;
import io.hailstorm.protocol.v1.PriceUpdate;
import io.hailstorm.protocol.v1.PricesPublished;
import java.util.ArrayList;
import org.agrona.collections.Long2LongHashMap;

/**
 * Keeps the latest price of each cell and pushes changes to WatchPrices streams. The node feeds every durable
 * {@link PricesPublished}, on the agent's thread. A client that falls behind gets one message with everything once it
 * reads again, rather than every change it missed.
 */
public final class PriceFeed {
    private static final long NO_PRICE = -1;

    private final int maxWatchers;
    private final IngestMetrics metrics;
    private final Long2LongHashMap multiplierMilliByCell = new Long2LongHashMap(NO_PRICE);
    private final ArrayList<Watcher> watchers = new ArrayList<>();
    private long priceVersion;
    private long tickTimeMs;

    private static final class Watcher {
        final RiderCommand.PriceWatch watch;
        boolean behind;

        Watcher(RiderCommand.PriceWatch watch) {
            this.watch = watch;
        }
    }

    PriceFeed(int maxWatchers, IngestMetrics metrics) {
        this.maxWatchers = maxWatchers;
        this.metrics = metrics;
    }

    /** Takes one tick's changes in and tells who watches. */
    public void onPrices(PricesPublished prices) {
        priceVersion = prices.getPriceVersion();
        tickTimeMs = prices.getTickTimeMs();
        for (int i = 0; i < prices.getCellsCount(); i++) {
            multiplierMilliByCell.put(prices.getCells(i), prices.getMultiplierMilli(i));
        }
        for (int i = 0; i < watchers.size(); i++) {
            Watcher watcher = watchers.get(i);
            if (watcher.behind || !watcher.watch.outbox().isReady()) {
                watcher.behind = true;
                continue;
            }
            PriceUpdate.Builder update = header();
            for (int cell = 0; cell < prices.getCellsCount(); cell++) {
                add(update, watcher.watch, prices.getCells(cell), prices.getMultiplierMilli(cell));
            }
            if (update.getPricesCount() > 0) {
                watcher.watch.outbox().send(update.build());
            }
        }
    }

    /** Begins a stream with every price it asked for. */
    void watch(RiderCommand.PriceWatch watch) {
        sweep();
        if (watchers.size() >= maxWatchers) {
            watch.outbox().fail(RpcErrors.overloaded("too many price streams: at most " + maxWatchers, 5_000));
            return;
        }
        metrics.watchers().incrementAndGet();
        watch.outbox().send(everything(watch));
        watchers.add(new Watcher(watch));
    }

    /** Brings those who fell behind up to date, and forgets the closed ones. */
    int catchUp() {
        int caughtUp = 0;
        for (int i = 0; i < watchers.size(); i++) {
            Watcher watcher = watchers.get(i);
            if (watcher.behind && watcher.watch.outbox().isReady()) {
                watcher.behind = false;
                watcher.watch.outbox().send(everything(watcher.watch));
                caughtUp++;
            }
        }
        return caughtUp;
    }

    void sweep() {
        int before = watchers.size();
        watchers.removeIf(watcher -> watcher.watch.outbox().isClosed());
        metrics.watchers().addAndGet(watchers.size() - before);
    }

    private PriceUpdate everything(RiderCommand.PriceWatch watch) {
        PriceUpdate.Builder update = header();
        long[] cells = multiplierMilliByCell.keySet().stream()
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        for (long cell : cells) {
            add(update, watch, cell, (int) multiplierMilliByCell.get(cell));
        }
        return update.build();
    }

    private PriceUpdate.Builder header() {
        return PriceUpdate.newBuilder()
                .setTickTime(TripFeed.timestamp(tickTimeMs))
                .setPriceVersion(priceVersion);
    }

    private static void add(PriceUpdate.Builder update, RiderCommand.PriceWatch watch, long cell, int multiplierMilli) {
        if (watch.cells().isEmpty() || watch.cells().contains(cell)) {
            update.addPrices(
                    CellPrice.newBuilder().setCell(Long.toHexString(cell)).setMultiplierMilli(multiplierMilli));
        }
    }
}
