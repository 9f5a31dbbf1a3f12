package dev.vivarium.internal.worker;

import dev.vivarium.protocol.ProtocolViolation;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.Ready;

/** What a worker driver reports about its process. May be called from any thread; must not block. */
public interface WorkerEvents {

    /** The process runs. */
    void spawned(long pid);

    /** The process could not be started. */
    void spawnRefused(String reason);

    /** It said hello and can be welcomed. */
    void hello();

    /** It has loaded its handlers. */
    void loaded(Ready ready);

    /** It could not load its handlers and will end. */
    void loadFailed(ErrorBody error);

    /** It answered its call; the caller has the outcome already. */
    void answered(long callId);

    /** It answered a health check. */
    void pong();

    /** It has told what its threads do, or will not. */
    void stacksRead();

    /** It broke the protocol. */
    void violated(ProtocolViolation violation);

    /** Its data channel ended. */
    void channelClosed();

    /** It ended, and nothing of it is left to be read. */
    void exited(Exited exited);

    /** The guardian ended, and it with the guardian. */
    void guardianLost();
}
