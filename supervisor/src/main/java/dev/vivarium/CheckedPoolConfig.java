package dev.vivarium;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.session.SessionStore;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A configuration that {@link PoolConfigBuilder#build()} has checked and copied. */
record CheckedPoolConfig(
        String name,
        List<String> handlers,
        PoolConfig.Interpreter interpreter,
        PoolConfig.Operation operation,
        PoolConfig.Sizing sizing,
        PoolConfig.CallDefaults calls,
        PoolConfig.Timeouts timeouts,
        PoolConfig.Restart restart,
        RetryPolicy retry,
        RecoveryPolicy recovery,
        CircuitBreakerPolicy circuitBreaker,
        PoisonPolicy poison,
        AlertPolicy alerts,
        RecyclePolicy recycling,
        MemoryPolicy memory,
        AttachmentPolicy attachments,
        TemplatePolicy template,
        DrainPolicy drain,
        StreamPolicy streams,
        FunctionPolicy functions,
        SessionPolicy sessions,
        @Nullable SessionStore sessionStore,
        PoolConfig.Health health,
        ProbePolicy probes,
        OutlierPolicy outliers,
        PoolConfig.Output output,
        PoolConfig.Callbacks callbacks,
        Path runtimeDirectory,
        ObjectMapper objectMapper,
        boolean callEvents,
        @Nullable Consumer<PoolEvent> eventListener)
        implements PoolConfig {}
