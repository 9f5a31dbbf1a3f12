package dev.vivarium.internal.recovery;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What equal calls have in common: the same handler and the same arguments are encoded to the same bytes. */
final class Fingerprint {

    private Fingerprint() {}

    static String of(byte[] call) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(call));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
