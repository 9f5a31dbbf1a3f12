package dev.vivarium.protocol;

import com.fasterxml.jackson.databind.JsonMappingException;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An attachment of a frame that has arrived.
 *
 * @param dtype what an array's elements are; null for bytes
 * @param data its bytes, which may be shared memory that is somebody else's soon; elements begin with their lowest byte
 */
record ReceivedAttachment(@Nullable DType dtype, List<Long> shape, ByteBuffer data) {

    /** The bytes from which on a result's buffer is outside of the heap. */
    static final int DIRECT_FROM = 4 << 20;

    /** Returns whether it can be converted to a type by itself. */
    static boolean isKnown(Type type) {
        return type instanceof Destination || (type instanceof Class<?> known && KNOWN.contains(known));
    }

    private static final List<Class<?>> KNOWN = List.of(
            byte[].class,
            ByteBuffer.class,
            boolean[].class,
            short[].class,
            int[].class,
            long[].class,
            float[].class,
            double[].class,
            Tensor.class);

    static List<Class<?>> known() {
        return KNOWN;
    }

    /** Returns a copy as what it is: {@code byte[]} or {@link Tensor}. */
    Object plain() throws JsonMappingException {
        return as(dtype == null ? byte[].class : Tensor.class);
    }

    /** Returns a copy of a type that {@link #isKnown}. */
    Object as(Type type) throws JsonMappingException {
        ByteBuffer from = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (type instanceof Destination destination) {
            return destination.fill(from);
        }
        if (type == Tensor.class) {
            if (dtype == null) {
                throw mismatch(type);
            }
            return new Tensor(dtype, shape, own(from));
        }
        if (type == byte[].class && dtype == null) {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            return bytes;
        }
        if (type == ByteBuffer.class && dtype == null) {
            return own(from).order(ByteOrder.BIG_ENDIAN);
        }
        if (dtype == null || shape.size() != 1) {
            throw mismatch(type);
        }
        return array(type, from, dtype);
    }

    private Object array(Type type, ByteBuffer from, DType elements) throws JsonMappingException {
        int length = from.remaining() / elements.bytes();
        if (type == float[].class && elements == DType.FLOAT32) {
            float[] array = new float[length];
            from.asFloatBuffer().get(array);
            return array;
        }
        if (type == double[].class && elements == DType.FLOAT64) {
            double[] array = new double[length];
            from.asDoubleBuffer().get(array);
            return array;
        }
        if (type == int[].class && elements == DType.INT32) {
            int[] array = new int[length];
            from.asIntBuffer().get(array);
            return array;
        }
        if (type == long[].class && elements == DType.INT64) {
            long[] array = new long[length];
            from.asLongBuffer().get(array);
            return array;
        }
        if (type == short[].class && elements == DType.INT16) {
            short[] array = new short[length];
            from.asShortBuffer().get(array);
            return array;
        }
        if (type == boolean[].class && elements == DType.BOOL) {
            boolean[] array = new boolean[length];
            for (int i = 0; i < length; i++) {
                array[i] = from.get() != 0;
            }
            return array;
        }
        throw mismatch(type);
    }

    /** Returns the bytes in memory that nobody else has, large ones outside of the heap; to make that takes longer. */
    private static ByteBuffer own(ByteBuffer from) {
        if (!from.isDirect()) {
            return from.slice().order(ByteOrder.LITTLE_ENDIAN); // The frame is read once, and its array is nobody's.
        }
        int size = from.remaining();
        ByteBuffer copy = size < DIRECT_FROM ? ByteBuffer.allocate(size) : ByteBuffer.allocateDirect(size);
        return copy.put(from).flip().order(ByteOrder.LITTLE_ENDIAN);
    }

    private JsonMappingException mismatch(Type type) {
        return new JsonMappingException(null, description(dtype, shape) + " is no " + type.getTypeName());
    }

    static String description(@Nullable DType dtype, List<Long> shape) {
        return dtype == null ? "bytes" : "an array of " + dtype + " with shape " + shape;
    }
}
