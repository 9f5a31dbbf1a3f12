package dev.vivarium.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
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
     * @param attached gets the values that travel beside the body, in the order of their indexes
     * @throws CodecException when an argument has no encoding
     */
    byte[] encodeCall(
            String handler,
            List<? extends @Nullable Object> positional,
            Map<String, ? extends @Nullable Object> keywords,
            List<Attachment> attached)
            throws CodecException;

    /**
     * Encodes the body of a CALL whose keyword arguments are encoded already.
     *
     * @param attached gets the values that travel beside the body, in the order of their indexes
     * @throws CodecException when a positional argument has no encoding
     */
    byte[] encodeCall(
            String handler, List<? extends @Nullable Object> positional, RawJson keywords, List<Attachment> attached)
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
     * @param attached the values that came beside the body; what the result has of them are copies
     * @return the value; null when the handler returned {@code None}
     * @throws CodecException when the body cannot be converted to {@code type}
     */
    @Nullable
    Object decode(byte[] body, Type type, List<ByteBuffer> attached) throws CodecException;

    /**
     * Reads what a handler calls a function of the JVM's with.
     *
     * @param body holds it from {@code from} to its end
     * @throws CodecException when it is not what the body of a CALL is
     */
    CalledFunction decodeCalled(byte[] body, int from) throws CodecException;

    /**
     * Converts one argument of a function that was called.
     *
     * @return the value; null when it is {@code None}
     * @throws CodecException when it cannot be converted to {@code type}
     */
    @Nullable
    Object convert(JsonNode value, Type type) throws CodecException;
}
