package dev.vivarium.internal.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What workers print becomes lines, within limits. */
class OutputCaptureTest {

    private static final int MAX_LINE_BYTES = 100;

    private final List<String> lines = new ArrayList<>();

    private OutputCapture capture(int most, int tailLines) {
        return new OutputCapture(MAX_LINE_BYTES, tailLines, () -> lines.size() < most, lines::add);
    }

    private static void feed(OutputCapture capture, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        capture.feed(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }

    @Nested
    class ALine {

        @Test
        void isTheSameHoweverItsBytesArrive() {
            String text = "first\n\nthird, with é and 漢\r\n" + "x".repeat(MAX_LINE_BYTES) + "\nlast";
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            for (int size = 1; size <= bytes.length; size++) {
                lines.clear();
                OutputCapture capture = capture(1000, 0);

                for (int at = 0; at < bytes.length; at += size) {
                    capture.feed(ByteBuffer.wrap(bytes, at, Math.min(size, bytes.length - at)));
                }
                capture.end();

                assertThat(lines)
                        .as("in pieces of %d", size)
                        .containsExactly("first", "", "third, with é and 漢", "x".repeat(MAX_LINE_BYTES), "last");
            }
        }

        @Test
        void thatIsTooLongIsCutAndSaysSo() {
            OutputCapture capture = capture(1000, 0);

            feed(capture, "x".repeat(MAX_LINE_BYTES + 1) + "\nnext\n");

            assertThat(lines)
                    .containsExactly("x".repeat(MAX_LINE_BYTES) + " [cut at " + MAX_LINE_BYTES + " bytes]", "next");
        }
    }

    @Nested
    class LinesThatDoNotPass {

        @Test
        void areAmongTheLastOnes() {
            OutputCapture capture = capture(1, 2);

            feed(capture, "1\n2\n3\n");

            assertThat(lines).containsExactly("1");
            assertThat(capture.lastLines()).containsExactly("2", "3");
        }
    }
}
