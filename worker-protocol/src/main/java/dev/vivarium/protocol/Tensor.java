package dev.vivarium.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * An array of numbers with a shape: what Python gets as, and returns from, a numpy array. Elements lie one behind the other, the
 * last dimension's first (numpy's order C). As an argument it is copied when the call is made; of a result it is the caller's own.
 *
 * @param dtype what the elements are
 * @param shape the length of each dimension, each at least 0; empty for a single element
 * @param buffer the elements, from position to limit, in the buffer's byte order. Kept as it is, not copied; the accessor
 *     returns a view of its own
 */
public record Tensor(DType dtype, List<Long> shape, ByteBuffer buffer) {

    /** The most dimensions. */
    public static final int MAX_DIMENSIONS = 32;

    /**
     * Checks that buffer and shape agree.
     *
     * @throws IllegalArgumentException when they do not, naming both
     */
    public Tensor {
        shape = List.copyOf(shape);
        long wanted = bytes(dtype, shape);
        if (wanted != buffer.remaining()) {
            throw new IllegalArgumentException("a tensor of " + dtype + " with shape " + shape + " takes " + wanted
                    + " bytes, the buffer has " + buffer.remaining());
        }
        buffer = buffer.slice().order(buffer.order());
    }

    /**
     * Returns how many bytes the elements take.
     *
     * @throws IllegalArgumentException when there can be no such tensor
     */
    static long bytes(DType dtype, List<Long> shape) {
        if (shape.size() > MAX_DIMENSIONS) {
            throw new IllegalArgumentException(
                    "a tensor has at most " + MAX_DIMENSIONS + " dimensions, got " + shape.size());
        }
        long count = 1;
        for (long length : shape) {
            if (length < 0) {
                throw new IllegalArgumentException("the lengths in a shape must be at least 0, got " + shape);
            }
            try {
                count = Math.multiplyExact(count, length);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException("there can be no tensor with shape " + shape, e);
            }
        }
        if (count > Integer.MAX_VALUE / dtype.bytes()) {
            throw new IllegalArgumentException("a tensor has at most " + Integer.MAX_VALUE + " bytes; shape " + shape
                    + " of " + dtype + " has more");
        }
        return count * dtype.bytes();
    }

    /** Returns a tensor of float32, with a copy of the values; without a shape it has one dimension. */
    public static Tensor of(float[] values, long... shape) {
        return copy(values, shape);
    }

    /** Returns a tensor of float64, with a copy of the values; without a shape it has one dimension. */
    public static Tensor of(double[] values, long... shape) {
        return copy(values, shape);
    }

    /** Returns a tensor of int32, with a copy of the values; without a shape it has one dimension. */
    public static Tensor of(int[] values, long... shape) {
        return copy(values, shape);
    }

    /** Returns a tensor of int64, with a copy of the values; without a shape it has one dimension. */
    public static Tensor of(long[] values, long... shape) {
        return copy(values, shape);
    }

    private static Tensor copy(Object values, long[] shape) {
        Attachment array = Attachment.of(values).orElseThrow();
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(array.bytes())).order(ByteOrder.LITTLE_ENDIAN);
        array.writeTo(bytes);
        List<Long> lengths = array.shape();
        if (shape.length > 0) {
            lengths = new ArrayList<>();
            for (long length : shape) {
                lengths.add(length);
            }
        }
        return new Tensor(array.dtype().orElseThrow(), lengths, bytes.flip());
    }

    /** Returns a view of the elements, with a position and limit of its own. */
    @Override
    public ByteBuffer buffer() {
        return buffer.duplicate().order(buffer.order());
    }

    /**
     * Returns a copy of the elements, in order, whatever the shape.
     *
     * @throws IllegalStateException when they are not float32
     */
    public float[] toFloats() {
        float[] values = new float[count(DType.FLOAT32)];
        buffer().asFloatBuffer().get(values);
        return values;
    }

    /**
     * Returns a copy of the elements, in order, whatever the shape.
     *
     * @throws IllegalStateException when they are not float64
     */
    public double[] toDoubles() {
        double[] values = new double[count(DType.FLOAT64)];
        buffer().asDoubleBuffer().get(values);
        return values;
    }

    /**
     * Returns a copy of the elements, in order, whatever the shape.
     *
     * @throws IllegalStateException when they are not int32
     */
    public int[] toInts() {
        int[] values = new int[count(DType.INT32)];
        buffer().asIntBuffer().get(values);
        return values;
    }

    /**
     * Returns a copy of the elements, in order, whatever the shape.
     *
     * @throws IllegalStateException when they are not int64
     */
    public long[] toLongs() {
        long[] values = new long[count(DType.INT64)];
        buffer().asLongBuffer().get(values);
        return values;
    }

    private int count(DType wanted) {
        if (dtype != wanted) {
            throw new IllegalStateException("the elements are " + dtype + ", not " + wanted);
        }
        return buffer.remaining() / dtype.bytes();
    }

    /** Names type and shape, never the elements. */
    @Override
    public String toString() {
        return "Tensor(" + dtype + ", " + shape + ")";
    }
}
