package dev.vivarium.protocol;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Something on the wire that the protocol does not allow.
 *
 * @param kind which rule was broken
 * @param detail the rule, with limit and value where there is one
 * @param firstBytes the first bytes of the frame that broke it, at most 64
 */
@SuppressWarnings("ArrayRecordComponent") // Carried for people to read; never compared.
public record ProtocolViolation(Kind kind, String detail, byte[] firstBytes) {

    /** How many bytes a violation quotes at the most. */
    public static final int QUOTED_BYTES = 64;

    /** The rules, by the names that PROTOCOL.md gives them. */
    public enum Kind {
        BAD_MAGIC,
        BAD_VERSION,
        RESERVED_TYPE,
        UNKNOWN_TYPE,
        BAD_FLAGS,
        BAD_RESERVED,
        OVERSIZE_BODY,
        OVERSIZE_ATTACHMENTS,
        BAD_ATTACHMENTS,
        TRUNCATED,
        MALFORMED_BODY,
        UNEXPECTED_TYPE,
        WRONG_INCARNATION
    }

    /** Returns the quoted bytes as hexadecimal digits and as text, with a dot for what cannot be printed. */
    public String quoted() {
        StringBuilder text = new StringBuilder(firstBytes.length);
        for (byte b : firstBytes) {
            text.append(b >= 0x20 && b < 0x7f ? (char) b : '.');
        }
        return HexFormat.of().formatHex(firstBytes) + " \"" + text + "\"";
    }

    /** Returns kind, detail and quotation in one line. */
    @Override
    public String toString() {
        String hint = kind == Kind.BAD_MAGIC && isPrintable() ? " (did something print to the protocol channel?)" : "";
        return kind + ": " + detail + hint + "; first bytes: " + quoted();
    }

    private boolean isPrintable() {
        String text = new String(firstBytes, StandardCharsets.ISO_8859_1);
        return !text.isEmpty() && text.chars().allMatch(c -> (c >= 0x20 && c < 0x7f) || Character.isWhitespace(c));
    }
}
