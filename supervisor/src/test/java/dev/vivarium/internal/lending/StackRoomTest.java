package dev.vivarium.internal.lending;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whether a stack has room, at any moment of the life of a JVM. */
@Tag("processes")
class StackRoomTest {

    /** Asks on its own stack, which has room, and ever again on one that has none; counts how often that was found to have. */
    static final class FromTheBeginning {
        private static final int TIMES = 20_000;
        private static final int ONCE_IN = 37;
        private static final long SMALL = 64 * 1024;

        private FromTheBeginning() {}

        public static void main(String[] args) throws InterruptedException {
            AtomicInteger wrong = new AtomicInteger();
            for (int i = 0; i < TIMES; i++) {
                if (!StackRoom.isEnough()) {
                    wrong.incrementAndGet();
                }
                if (i % ONCE_IN == 0) {
                    Thread small = new Thread(
                            null,
                            () -> {
                                if (StackRoom.isEnough()) {
                                    wrong.incrementAndGet();
                                }
                            },
                            "small",
                            SMALL);
                    small.start();
                    small.join();
                }
            }
            System.out.print(wrong);
        }
    }

    @Test
    void isKnownWhileTheCompilerIsAtWorkToo() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FromTheBeginning.class.getName())
                .redirectErrorStream(true)
                .start();

        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("0");
        assertThat(process.waitFor()).isZero();
    }
}
