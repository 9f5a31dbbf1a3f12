package dev.vivarium.protocol;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value that travels beside the encoded part of a frame: bytes, or an array of numbers. It refers to the caller's memory, which
 * is read when it is written to its place.
 */
public final class Attachment {

    private final @Nullable DType dtype;
    private final List<Long> shape;
    private final Buffer source;

    private Attachment(@Nullable DType dtype, List<Long> shape, Buffer source) {
        this.dtype = dtype;
        this.shape = shape;
        this.source = source;
    }

    /**
     * Returns the attachment that a value becomes: {@code byte[]} and {@link ByteBuffer} (from its position to its limit) become
     * bytes; {@code boolean[]}, {@code short[]}, {@code int[]}, {@code long[]}, {@code float[]}, {@code double[]} and
     * {@link Tensor} arrays. Any other value is none.
     */
    public static Optional<Attachment> of(Object value) {
        if (value instanceof byte[] bytes) {
            return Optional.of(new Attachment(null, List.of((long) bytes.length), ByteBuffer.wrap(bytes)));
        }
        if (value instanceof ByteBuffer buffer) {
            return Optional.of(new Attachment(null, List.of((long) buffer.remaining()), buffer.duplicate()));
        }
        if (value instanceof float[] array) {
            return Optional.of(array(DType.FLOAT32, array.length, FloatBuffer.wrap(array)));
        }
        if (value instanceof double[] array) {
            return Optional.of(array(DType.FLOAT64, array.length, DoubleBuffer.wrap(array)));
        }
        if (value instanceof int[] array) {
            return Optional.of(array(DType.INT32, array.length, IntBuffer.wrap(array)));
        }
        if (value instanceof long[] array) {
            return Optional.of(array(DType.INT64, array.length, LongBuffer.wrap(array)));
        }
        if (value instanceof short[] array) {
            return Optional.of(array(DType.INT16, array.length, ShortBuffer.wrap(array)));
        }
        if (value instanceof boolean[] array) {
            byte[] bytes = new byte[array.length];
            for (int i = 0; i < array.length; i++) {
                bytes[i] = (byte) (array[i] ? 1 : 0);
            }
            return Optional.of(array(DType.BOOL, array.length, ByteBuffer.wrap(bytes)));
        }
        if (value instanceof Tensor tensor) {
            return Optional.of(new Attachment(tensor.dtype(), tensor.shape(), typed(tensor)));
        }
        return Optional.empty();
    }

    private static Attachment array(DType dtype, int length, Buffer source) {
        return new Attachment(dtype, List.of((long) length), source);
    }

    /** A view of the size of its elements turns the bytes around where the two orders differ. */
    private static Buffer typed(Tensor tensor) {
        ByteBuffer bytes = tensor.buffer();
        return switch (tensor.dtype().bytes()) {
            case 2 -> bytes.asShortBuffer();
            case 4 -> bytes.asIntBuffer();
            case 8 -> bytes.asLongBuffer();
            default -> bytes;
        };
    }

    /** Returns what the elements of an array are; empty for bytes. */
    public Optional<DType> dtype() {
        return Optional.ofNullable(dtype);
    }

    /** Returns the length of each dimension of an array; of bytes, their number. */
    public List<Long> shape() {
        return shape;
    }

    /** Returns the size. */
    public long bytes() {
        return (long) source.remaining() * (dtype == null ? 1 : dtype.bytes());
    }

    /** Copies the value to where {@code target} stands, elements with their lowest byte first, and moves the position behind it. */
    public void writeTo(ByteBuffer target) {
        int size = Math.toIntExact(bytes());
        ByteBuffer to = target.slice(target.position(), size).order(ByteOrder.LITTLE_ENDIAN);
        if (source instanceof ByteBuffer bytes) {
            to.put(bytes.duplicate());
        } else if (source instanceof FloatBuffer floats) {
            to.asFloatBuffer().put(floats.duplicate());
        } else if (source instanceof DoubleBuffer doubles) {
            to.asDoubleBuffer().put(doubles.duplicate());
        } else if (source instanceof IntBuffer ints) {
            to.asIntBuffer().put(ints.duplicate());
        } else if (source instanceof LongBuffer longs) {
            to.asLongBuffer().put(longs.duplicate());
        } else {
            to.asShortBuffer().put(((ShortBuffer) source).duplicate());
        }
        target.position(target.position() + size);
    }

    /** Names kind and shape, never the contents. */
    @Override
    public String toString() {
        return "Attachment(" + (dtype == null ? "bytes" : dtype) + ", " + shape + ")";
    }
}
