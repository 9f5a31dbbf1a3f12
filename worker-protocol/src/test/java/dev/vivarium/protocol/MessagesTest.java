package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.protocol.message.Attach;
import dev.vivarium.protocol.message.Bodies;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.ErrorKind;
import dev.vivarium.protocol.message.Exited;
import dev.vivarium.protocol.message.Spawn;
import dev.vivarium.protocol.message.WorkerHello;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessagesTest {

    private static Frame frame(String body) {
        return Frame.of(FrameType.EXITED, 0, 1, body.getBytes(StandardCharsets.UTF_8));
    }

    @Nested
    class ABody {

        @Test
        void ignoresUnknownKeysAndFillsMissingLists() throws Exception {
            ErrorBody error = Bodies.read(
                    frame("{\"kind\":\"handler\",\"execution\":\"RAN\",\"type\":\"E\",\"message\":\"m\",\"new\":1}"),
                    ErrorBody.class);

            assertThat(error.kind()).isEqualTo(ErrorKind.HANDLER);
            assertThat(error.causes()).isEmpty();
        }

        @Test
        void ofAnErrorMaySuggestWhenToTryAgainWithinADay() throws Exception {
            String error = "{\"kind\":\"handler\",\"execution\":\"RAN\",\"type\":\"E\",\"message\":\"m\"";

            assertThat(Bodies.read(frame(error + "}"), ErrorBody.class).retryAfterMillis())
                    .isNull();
            for (long millis : new long[] {0, 1500, 86_400_000}) {
                Frame frame = frame(error + ",\"retryAfterMillis\":" + millis + "}");
                ErrorBody body = Bodies.read(frame, ErrorBody.class);
                assertThat(body.retryAfterMillis()).isEqualTo(millis);
                assertThat(Bodies.read(frame(new String(Bodies.write(body), StandardCharsets.UTF_8)), ErrorBody.class))
                        .isEqualTo(body);
            }
            for (String lie : List.of("-1", "86400001", "1e300", "\"soon\"")) {
                Frame frame = frame(error + ",\"retryAfterMillis\":" + lie + "}");
                assertThatThrownBy(() -> Bodies.read(frame, ErrorBody.class))
                        .as(lie)
                        .isInstanceOfSatisfying(
                                ProtocolViolationException.class,
                                e -> assertThat(e.violation().kind()).isEqualTo(ProtocolViolation.Kind.MALFORMED_BODY));
            }
            assertThatThrownBy(() -> Bodies.read(frame(error + ",\"retryAfterMillis\":86400001}"), ErrorBody.class))
                    .hasMessageContaining("retryAfterMillis must be from 0 to 86400000, got 86400001");
        }

        @Test
        void thatCannotBeReadIsAViolationNamingTheReason() {
            assertThatThrownBy(() -> Bodies.read(frame("{\"slot\":\"x\"}"), Exited.class))
                    .isInstanceOfSatisfying(
                            ProtocolViolationException.class,
                            e -> assertThat(e.violation().kind()).isEqualTo(ProtocolViolation.Kind.MALFORMED_BODY));
            assertThatThrownBy(() -> Bodies.read(frame("{\"type\":\"E\"}"), ErrorBody.class))
                    .hasMessageContaining("kind");
            assertThatThrownBy(() -> Bodies.read(frame(""), Exited.class))
                    .isInstanceOf(ProtocolViolationException.class);
        }

        @Test
        void showsNoSecrets() {
            assertThat(new Attach("data", 1, "sesame").toString()).doesNotContain("sesame");
            assertThat(new Spawn(1, Map.of("KEY", "sesame"), null, "page", List.of(), null).toString())
                    .doesNotContain("sesame");
        }
    }

    @Nested
    class AHandshake {

        private WorkerHello hello(List<Integer> versions, List<String> codecs) {
            return new WorkerHello(
                    versions, codecs, List.of("log", "telepathy"), 1, "cpython", "3.11", "0.1.0", 0, 0, Map.of());
        }

        @Test
        void choosesWhatBothSidesKnow() throws Exception {
            assertThat(Handshake.choose(hello(List.of(1, 2), List.of("msgpack", "json")), List.of("json")))
                    .isEqualTo(new Handshake(1, "json", List.of("log")));
        }

        @Test
        void saysWhatEachSideKnowsWhenThereIsNothing() {
            assertThatThrownBy(() -> Handshake.choose(hello(List.of(2), List.of("json")), List.of("json")))
                    .hasMessageContaining("[2]")
                    .hasMessageContaining("[1]");
            assertThatThrownBy(() -> Handshake.choose(hello(List.of(1), List.of("x")), List.of("json")))
                    .hasMessageContaining("[x]");
        }
    }

    @Nested
    class AStatusPage {

        @Test
        void tellsWhatIsKnownOfACall(@TempDir Path folder) throws Exception {
            Path file = folder.resolve("status");
            StatusPage page = StatusPage.create(file, 4);
            assertThat(Files.getPosixFilePermissions(file)).hasSize(2);
            assertThat(page.executionOf(2, 5, 9)).isEqualTo(Execution.NOT_STARTED);

            write(file, 2, 5, 8, 8);
            assertThat(page.executionOf(2, 5, 9)).isEqualTo(Execution.NOT_STARTED);
            write(file, 2, 5, 9, 8);
            assertThat(page.executionOf(2, 5, 9)).isEqualTo(Execution.UNKNOWN);
            write(file, 2, 5, 9, 9);
            assertThat(page.executionOf(2, 5, 9)).isEqualTo(Execution.RAN);
            assertThat(page.executionOf(2, 6, 9)).isEqualTo(Execution.UNKNOWN);

            page.clear(2);
            assertThat(page.executionOf(2, 6, 9)).isEqualTo(Execution.NOT_STARTED);
            assertThatThrownBy(() -> page.clear(5)).hasMessageContaining("1 to 4, got 5");
        }

        private void write(Path file, int slot, long incarnation, long started, long finished) throws Exception {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                ByteBuffer words = channel.map(FileChannel.MapMode.READ_WRITE, (slot - 1) * 64L, 64)
                        .order(ByteOrder.nativeOrder());
                words.putLong(0, incarnation).putLong(8, started).putLong(16, finished);
            }
        }
    }

    @Test
    void limitsNameLimitAndValue() {
        assertThatThrownBy(() -> new Limits(-1, 0, 0))
                .hasMessageContaining("maxBodyBytes")
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> new Limits(0, 0, 70000))
                .hasMessageContaining("65535")
                .hasMessageContaining("70000");
    }
}
