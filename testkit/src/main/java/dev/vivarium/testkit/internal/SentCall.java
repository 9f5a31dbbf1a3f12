package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.SessionHead;
import dev.vivarium.protocol.StreamHead;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A call as a scripted process gets it: with the head of its stream, and the head and the state of its session, if it has those. */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record SentCall(
        long callId,
        byte[] body,
        @Nullable StreamHead stream,
        @Nullable SessionHead session,
        @Nullable Map<String, byte[]> state) {}
