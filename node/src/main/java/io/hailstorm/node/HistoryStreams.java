package io.hailstorm.node;

import io.hailstorm.kernel.StreamName;
import io.hailstorm.log.GeoStatus;
import io.hailstorm.log.LogReader;
import io.hailstorm.log.PartitionReader;
import java.util.List;
import java.util.function.Function;

/**
 * What a history checker reads of a log.
 *
 * @param control without a first map in it, who may write what is not judged
 * @param gaps records that a take-over cut off, on record
 */
record HistoryStreams(
        List<PartitionReader> fixes,
        List<PartitionReader> late,
        List<PartitionReader> trips,
        List<PartitionReader> control,
        List<GeoStatus.Gap> gaps) {
    static HistoryStreams of(Function<StreamName, List<? extends PartitionReader>> partitions) {
        return of(partitions, List.of());
    }

    static HistoryStreams of(
            Function<StreamName, List<? extends PartitionReader>> partitions, List<GeoStatus.Gap> gaps) {
        return new HistoryStreams(
                List.copyOf(partitions.apply(StreamName.FIXES)),
                List.copyOf(partitions.apply(StreamName.LATE)),
                List.copyOf(partitions.apply(StreamName.TRIPS)),
                partitions.apply(StreamName.CONTROL).stream()
                        .filter(partition -> partition.partition() == 0)
                        .<PartitionReader>map(partition -> partition)
                        .toList(),
                gaps);
    }

    static HistoryStreams of(LogReader log) {
        return of(stream -> LogPlace.of(log, stream), log.gaps());
    }
}
