package io.hailstorm.log;

/** How a stream's batches are compressed, before they are encrypted if they are. A batch that would not shrink is not. */
public enum Compression {
    NONE(0),
    /** Fast in both directions; about half the size for records that repeat themselves. */
    LZ4(1),
    /** Slower, smaller. */
    ZSTD(2);

    private static final int ZSTD_LEVEL = 3;

    private final int code;

    Compression(int code) {
        this.code = code;
    }

    /** What a batch's codec byte says. Numbers are forever. */
    int code() {
        return code;
    }

    static int zstdLevel() {
        return ZSTD_LEVEL;
    }
}
