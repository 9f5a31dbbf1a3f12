package dev.vivarium.protocol;

import java.lang.reflect.Type;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts arguments and results to bytes and back. Thread-safe. */
public interface Codec {

    /** Returns the name under which the handshake offers the codec. */
    String name();

    /**
     * Encodes the body of a CALL.
     *
     * @throws CodecException when an argument has no encoding
     */
    byte[] encodeCall(
            String handler,
            List<? extends @Nullable Object> positional,
            Map<String, ? extends @Nullable Object> keywords)
            throws CodecException;

    /**
     * Encodes the body of a CALL whose keyword arguments are encoded already.
     *
     * @throws CodecException when a positional argument has no encoding
     */
    byte[] encodeCall(String handler, List<? extends @Nullable Object> positional, RawJson keywords)
            throws CodecException;

    /**
     * Encodes one value.
     *
     * @throws CodecException when it has no encoding
     */
    byte[] encode(@Nullable Object value) throws CodecException;

    /**
     * Converts the body of a REPLY, or an item of a stream.
     *
     * @return the value; null when the handler returned {@code None}
     * @throws CodecException when the body cannot be converted to {@code type}
     */
    @Nullable
    Object decode(byte[] body, Type type) throws CodecException;
}
