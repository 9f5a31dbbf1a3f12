package dev.vivarium.testkit.internal;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A call or a result as it travels: JSON, and what goes beside it.
 *
 * @param attached the attachments, in the order of their indexes
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Encoded(byte[] json, List<ByteBuffer> attached) {}
