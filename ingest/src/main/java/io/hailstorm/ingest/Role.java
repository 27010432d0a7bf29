package io.hailstorm.ingest;

/** What a token's bearer is. The text is the claim in the token. */
public enum Role {
    DRIVER("driver"),
    RIDER("rider"),
    ADMIN("admin");

    private final String text;

    Role(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
