package dev.vivarium.protocol;

import com.fasterxml.jackson.databind.JsonMappingException;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;

/**
 * A result's type that says where the result goes: bytes, or the elements of an array, into memory that the caller has already.
 *
 * @param buffer what is filled, from its position on; at the end its position is where it began, and its limit behind the result
 */
public record Destination(ByteBuffer buffer) implements Type {

    /** Refuses what cannot be written to. */
    public Destination {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("a destination must not be read-only");
        }
    }

    /** Copies the result; elements have their lowest byte first. */
    ByteBuffer fill(ByteBuffer from) throws JsonMappingException {
        int size = from.remaining();
        if (size > buffer.remaining()) {
            throw new JsonMappingException(
                    null, "it has " + size + " bytes, and the buffer has room for " + buffer.remaining());
        }
        int begin = buffer.position();
        buffer.put(begin, from, from.position(), size);
        buffer.limit(begin + size);
        return buffer;
    }

    /** Names it as messages do. */
    @Override
    public String getTypeName() {
        return "a buffer of the caller's";
    }
}
