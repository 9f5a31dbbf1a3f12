package dev.vivarium.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** JSON that is passed on as it stands, in UTF-8. Not checked here: the other side will refuse what is not JSON. */
public final class RawJson {

    private final byte[] utf8;

    private RawJson(byte[] utf8) {
        this.utf8 = utf8;
    }

    /** Wraps bytes without copying them; they must not be changed afterwards. */
    public static RawJson of(byte[] utf8) {
        return new RawJson(utf8);
    }

    /** Wraps text. */
    public static RawJson of(String json) {
        return new RawJson(json.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the bytes, not copied. */
    public byte[] utf8() {
        return utf8;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RawJson that && Arrays.equals(utf8, that.utf8);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(utf8);
    }

    /** Returns the text. */
    @Override
    public String toString() {
        return new String(utf8, StandardCharsets.UTF_8);
    }
}
