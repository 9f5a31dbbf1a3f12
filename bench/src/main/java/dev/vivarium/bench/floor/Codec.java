package dev.vivarium.bench.floor;

import java.nio.charset.StandardCharsets;

/** What the floor's bodies are. */
public enum Codec {
    /** Bytes that go back as they came. */
    RAW("raw"),
    /** A JSON object, which Python reads, and whose arguments it writes again. Java only copies it. */
    JSON("json");

    private static final String BEFORE = "{\"id\":1,\"args\":{\"x\":\"";
    private static final String AFTER = "\"}}";

    private final String word;

    Codec(String word) {
        this.word = word;
    }

    /** Returns the word for it in reports. */
    public String word() {
        return word;
    }

    /**
     * Returns the body of a request.
     *
     * @param bytes its size; JSON has at least the bytes of its frame and one more
     */
    public byte[] body(int bytes) {
        if (this == RAW) {
            return new byte[bytes];
        }
        int text = Math.max(1, bytes - BEFORE.length() - AFTER.length());
        return (BEFORE + "a".repeat(text) + AFTER).getBytes(StandardCharsets.US_ASCII);
    }
}
