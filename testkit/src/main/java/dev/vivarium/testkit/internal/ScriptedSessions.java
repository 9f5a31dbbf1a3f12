package dev.vivarium.testkit.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.protocol.SessionHead;
import dev.vivarium.testkit.ScriptedSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The sessions that a scripted worker keeps, as Python's worker keeps them. Guarded by its process. */
final class ScriptedSessions {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long UNKNOWN = -1;

    /** What changed in a call. */
    record Change(Map<String, byte @Nullable []> entries, boolean resident) {}

    private static final class Kept {
        private final long epoch;
        private final Map<String, Object> local;
        private final Map<String, byte[]> encoded;
        private long version;

        Kept(long version, long epoch, Map<String, byte[]> encoded, Map<String, Object> local) {
            this.version = version;
            this.epoch = epoch;
            this.encoded = encoded;
            this.local = local;
        }
    }

    private final Map<String, Kept> kept = new HashMap<>();

    /** A call of a session. */
    final class Call {
        private final String id;
        private final Kept base;
        private final boolean knownResident;
        private final ScriptedSession view;

        private Call(SessionHead head, Kept base) {
            this.id = head.session();
            this.knownResident = head.resident();
            this.base = base;
            Map<String, JsonNode> state = new LinkedHashMap<>();
            base.encoded.forEach((key, value) -> state.put(key, decode(value)));
            this.view = new ScriptedSession(id, base.epoch, state, base.local);
        }

        ScriptedSession view() {
            return view;
        }

        /** Keeps what the call made of the session; null when nothing is to be told. */
        @Nullable
        Change answer() {
            Map<String, byte @Nullable []> changes = new LinkedHashMap<>();
            base.encoded.keySet().stream()
                    .filter(key -> !view.state().containsKey(key))
                    .forEach(key -> changes.put(key, null));
            view.state().forEach((key, value) -> {
                byte[] after = encode(value);
                if (!Arrays.equals(after, base.encoded.get(key))) {
                    changes.put(key, after);
                }
            });
            changes.forEach((key, value) -> {
                if (value == null) {
                    base.encoded.remove(key);
                } else {
                    base.encoded.put(key, value);
                }
            });
            if (!changes.isEmpty()) {
                base.version++;
            }
            boolean resident = !base.local.isEmpty();
            boolean news = !changes.isEmpty() || resident != knownResident;
            kept.put(id, base);
            return news ? new Change(changes, resident) : null;
        }

        /** Forgets the state; what cannot travel stays. */
        void drop() {
            kept.put(id, new Kept(UNKNOWN, base.epoch, new LinkedHashMap<>(), base.local));
        }
    }

    /** Begins a call; null when the state must be sent first. */
    @Nullable
    Call enter(SessionHead head, @Nullable Map<String, byte[]> state) {
        Kept before = kept.remove(head.session());
        boolean same = before != null && before.epoch == head.epoch();
        if (state == null && before != null && same && before.version == head.version()) {
            return new Call(head, before);
        }
        if (state == null && head.version() != 0) {
            return null;
        }
        Map<String, byte[]> encoded = state == null ? new LinkedHashMap<>() : new LinkedHashMap<>(state);
        return new Call(
                head,
                new Kept(
                        head.version(),
                        head.epoch(),
                        encoded,
                        before != null && same ? before.local : new HashMap<>()));
    }

    void close(String session) {
        kept.remove(session);
    }

    private static JsonNode decode(byte[] value) {
        try {
            return JSON.readTree(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] encode(JsonNode value) {
        try {
            return JSON.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
