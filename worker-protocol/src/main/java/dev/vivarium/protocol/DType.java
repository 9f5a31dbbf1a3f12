package dev.vivarium.protocol;

import java.util.Locale;
import java.util.Optional;

/** The types of an array's elements, with their codes on the wire, which are numpy's. */
public enum DType {
    /** A truth value in one byte, 0 or 1. */
    BOOL("b1", 1),
    /** A whole number of 8 bits. */
    INT8("i1", 1),
    /** A whole number of 8 bits without sign. */
    UINT8("u1", 1),
    /** A whole number of 16 bits. */
    INT16("i2", 2),
    /** A whole number of 16 bits without sign. */
    UINT16("u2", 2),
    /** A whole number of 32 bits. */
    INT32("i4", 4),
    /** A whole number of 32 bits without sign. */
    UINT32("u4", 4),
    /** A whole number of 64 bits. */
    INT64("i8", 8),
    /** A whole number of 64 bits without sign. */
    UINT64("u8", 8),
    /** A floating-point number of 16 bits. */
    FLOAT16("f2", 2),
    /** A floating-point number of 32 bits, as {@code float}. */
    FLOAT32("f4", 4),
    /** A floating-point number of 64 bits, as {@code double}. */
    FLOAT64("f8", 8);

    private final String code;
    private final int bytes;

    DType(String code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** Returns the code on the wire, such as {@code f4}. */
    public String code() {
        return code;
    }

    /** Returns the size of an element. */
    public int bytes() {
        return bytes;
    }

    /** Returns the type with a code. */
    public static Optional<DType> ofCode(String code) {
        for (DType type : values()) {
            if (type.code.equals(code)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Returns numpy's name, such as {@code float32}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
