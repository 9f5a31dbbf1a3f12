package dev.vivarium.protocol;

import org.jspecify.annotations.Nullable;

/** The types of frames of protocol version 1, with their codes on the wire. */
public enum FrameType {
    ATTACH(0x01),
    HELLO(0x02),
    READY(0x03),
    DRAIN(0x04),
    BYE(0x05),
    CALL(0x10),
    REPLY(0x11),
    ERROR(0x12),
    CANCEL(0x13),
    SPACE_WANTED(0x14),
    SPACE(0x15),
    PING(0x20),
    PONG(0x21),
    LOG(0x22),
    SPAWN(0x30),
    SPAWNED(0x31),
    REFUSED(0x32),
    SIGNAL(0x33),
    EXITED(0x34),
    MEMORY(0x35),
    TEMPLATE(0x36),
    STREAM_CALL(0x40),
    ITEMS(0x41),
    ITEMS_END(0x42),
    CREDIT(0x50),
    WANTED(0x51),
    CALLBACK(0x60),
    CALLBACK_REPLY(0x61),
    CALLBACK_ERROR(0x62),
    SESSION_CALL(0x70),
    SESSION_REPLY(0x71),
    STATE_WANTED(0x72),
    SESSION_CLOSE(0x73);

    private static final @Nullable FrameType[] BY_CODE = new @Nullable FrameType[256];

    static {
        for (FrameType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    FrameType(int code) {
        this.code = code;
    }

    /** Returns the code on the wire, 0 to 255. */
    public int code() {
        return code;
    }

    /** Returns the type with this code, or null when no type has it. */
    public static @Nullable FrameType ofCode(int code) {
        return BY_CODE[code & 0xff];
    }

    /** Returns whether a code is set aside for a later version: streams, credits, callbacks, sessions, batches. */
    public static boolean isReserved(int code) {
        return code >= 0x40 && code <= 0x8f && ofCode(code) == null;
    }
}
