package dev.vivarium.protocol;

import dev.vivarium.protocol.message.WorkerHello;
import java.util.List;

/**
 * What was agreed with a worker.
 *
 * @param version the protocol version
 * @param codec the codec
 * @param features the features that both sides know
 */
public record Handshake(int version, String codec, List<String> features) {

    /** The features that this side knows. */
    public static final List<String> FEATURES = List.of("cancel", "log", "progress", "sessions");

    /** The two sides have no version or codec in common. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Chooses from what a worker offers.
     *
     * @throws Refused when there is nothing in common, saying what each side knows
     */
    public static Handshake choose(WorkerHello hello, List<String> codecs) throws Refused {
        if (!hello.versions().contains(Frame.VERSION)) {
            throw new Refused("the worker speaks protocol versions " + hello.versions() + ", this side speaks ["
                    + Frame.VERSION + "]");
        }
        String codec = hello.codecs().stream()
                .filter(codecs::contains)
                .findFirst()
                .orElseThrow(
                        () -> new Refused("the worker knows codecs " + hello.codecs() + ", this side knows " + codecs));
        return new Handshake(
                Frame.VERSION,
                codec,
                FEATURES.stream().filter(hello.features()::contains).toList());
    }
}
