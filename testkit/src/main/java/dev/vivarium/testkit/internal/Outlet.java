package dev.vivarium.testkit.internal;

import dev.vivarium.protocol.Credit;
import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.HandlerInfo;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a scripted process is heard. */
interface Outlet {
    /** It says hello. */
    void hello();

    /** It is ready. */
    void ready(List<HandlerInfo> handlers);

    /** Its handlers could not be loaded. */
    void loadFailed(ErrorBody error);

    /** It notes on its status page that a call is started, or finished. */
    void progress(long callId, Execution execution);

    /** Its handler reports progress. */
    void step();

    /** It answers a call. */
    void reply(long callId, Encoded body);

    /** It answers a call that changed something in its session; null for a key that was removed. */
    void sessionReply(long callId, Encoded body, Map<String, byte @Nullable []> changes, boolean resident);

    /** It sends items of a stream. */
    void items(long callId, byte[] block);

    /** It asks for items that a call is fed with. */
    void wanted(long callId, Credit most);

    /** It calls a function of the JVM's; the body is that of the frame. */
    void calledBack(long callId, byte[] body);

    /** It asks for the state of a call's session. */
    void stateWanted(long callId);

    /** It answers a call with an error. */
    void error(long callId, ErrorBody body);

    /** It writes bytes of its own. */
    void raw(byte[] bytes);

    /** It answers a health check. */
    void pong();

    /** It is measured. */
    void measured(long bytes);

    /** It tells what its threads do. */
    void stacks(String text);

    /** It has ended. */
    void ended(int rawStatus, long oomKills);
}
