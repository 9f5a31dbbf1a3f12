package dev.vivarium.protocol.message;

import dev.vivarium.protocol.Limits;
import java.util.List;

/**
 * HELLO of the JVM: what was chosen, and what to load.
 *
 * @param version the protocol version
 * @param codec the codec
 * @param features the features in use
 * @param pool the pool's name
 * @param worker the worker's name
 * @param handlers handler sources
 * @param pythonPath folders to put before {@code sys.path}
 * @param limits the data channel's limits
 * @param attachments how attachments travel
 * @param sessionCloseMillis how long the function that closes a session may take, in milliseconds, 1 or more
 * @param functions how functions of the JVM's may be called
 */
public record PoolHello(
        int version,
        String codec,
        List<String> features,
        String pool,
        String worker,
        List<String> handlers,
        List<String> pythonPath,
        Limits limits,
        AttachmentOffer attachments,
        long sessionCloseMillis,
        FunctionOffer functions) {}
