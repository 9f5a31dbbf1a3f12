package dev.vivarium.testkit.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vivarium.internal.port.ChildProcess;
import dev.vivarium.testkit.LeakAudit;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guardian that ends takes with it what the proxy holds for it. */
class FaultProxyTest {

    @TempDir
    private Path folder;

    private final FaultPlan plan = new FaultPlan();
    private final Child child = new Child();

    /** A process that is none. */
    private static final class Child implements ChildProcess {
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();
        private final List<IntConsumer> listeners = new ArrayList<>();

        @Override
        public long pid() {
            return 4711;
        }

        @Override
        public OutputStream input() {
            return input;
        }

        @Override
        public void onExit(IntConsumer listener) {
            listeners.add(listener);
        }

        @Override
        public void kill() {
            listeners.forEach(listener -> listener.accept(9));
        }
    }

    private ChildProcess started() throws IOException {
        FaultProxy proxy =
                new FaultProxy((command, environment, errors) -> child, folder, plan, "fault-proxy-test", null, true);
        return proxy.start(List.of("guardian"), Map.of(), folder.resolve("errors"));
    }

    private static void tell(ChildProcess guardian, String line) throws IOException {
        guardian.input().write((line + "\n").getBytes(UTF_8));
    }

    @Test
    void tellsAGuardianItsOwnSocketAndAllElseAsItIs() throws Exception {
        ChildProcess guardian = started();

        tell(guardian, "{\"socket\":\"/upstream\",\"other\":1}");

        assertThat(child.input.toString(UTF_8))
                .isEqualTo("{\"socket\":\"" + folder.resolve("p1") + "\",\"other\":1}\n");
        guardian.kill();
    }

    @Test
    void leavesNeitherSocketNorFileBehindAGuardianThatEnds() throws Exception {
        LeakAudit audit = new LeakAudit("fault-proxy-test", "fault-proxy-test", folder, Duration.ofSeconds(20));
        ChildProcess guardian = started();
        tell(guardian, "{\"socket\":\"/upstream\"}");
        assertThat(folder.resolve("p1")).exists();

        guardian.kill();

        assertThat(audit.verify()).isEmpty();
        assertThat(plan.problems()).isEmpty();
    }

    @Test
    void endsTheConnectionsOfAGuardianThatEnds() throws Exception {
        ChildProcess guardian = started();
        tell(guardian, "{\"socket\":\"/upstream\"}");
        try (SocketChannel worker = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("p1")))) {

            guardian.kill();

            assertThat(endOf(worker)).isTrue();
        }
        assertThat(plan.problems()).isEmpty();
    }

    /** Returns whether nothing more comes; a connection that nobody had accepted yet is reset. */
    private static boolean endOf(SocketChannel channel) {
        try {
            return channel.read(ByteBuffer.allocate(1)) == -1;
        } catch (IOException reset) {
            return true;
        }
    }
}
