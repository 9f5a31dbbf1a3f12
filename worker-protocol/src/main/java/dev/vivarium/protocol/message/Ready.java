package dev.vivarium.protocol.message;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * READY: the handlers are loaded.
 *
 * @param handlers what can be called
 * @param loadMicros how long loading took
 * @param sessionHooks which hooks of sessions there are: {@code open}, {@code close}
 */
public record Ready(
        List<HandlerInfo> handlers,
        @JsonProperty("load_us") long loadMicros,
        @JsonProperty("session_hooks") List<String> sessionHooks) {}
