package dev.vivarium.internal.port;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Randomness, so that tests can fix it. */
public interface Entropy {

    /** Returns a number from 0 (inclusive) to 1 (exclusive). */
    double unit();

    /** Returns {@code bytes} unguessable bytes as hexadecimal digits. */
    String token(int bytes);

    /** Returns the machine's randomness. */
    static Entropy system() {
        SecureRandom secure = new SecureRandom();
        return new Entropy() {
            @Override
            public double unit() {
                return ThreadLocalRandom.current().nextDouble();
            }

            @Override
            public String token(int bytes) {
                byte[] value = new byte[bytes];
                secure.nextBytes(value);
                return HexFormat.of().formatHex(value);
            }
        };
    }
}
