package dev.vivarium.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** A new interpreter for each call, which reads standard input and writes standard output. */
final class ProcessPerCall implements Peer {

    /** What others make in the time of one such call. */
    private static final int SLOWER = 200;

    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return "a process for each call";
    }

    @Override
    public Started start(String python, Path folder) throws IOException, BenchUnavailable {
        Path script = PeerProcess.unpack(ProcessPerCall.class, "peer_once.py", folder);
        byte[] probe = {'0'};
        if (!Arrays.equals(call(python, script, "small", probe), probe)) {
            throw new BenchUnavailable(python + " does not answer", null);
        }
        return new Started() {
            @Override
            public Subject small() {
                return fewer(() -> {
                    byte[] answer = call(python, script, "small", JSON.writeValueAsBytes(EchoCalls.SMALL));
                    return JSON.readValue(answer, Map.class).equals(EchoCalls.SMALL);
                });
            }

            @Override
            public Subject bytes(byte[] body) {
                return fewer(() -> call(python, script, "bytes", body).length == body.length);
            }

            @Override
            public void close() {}
        };
    }

    private interface Call {
        boolean isRight() throws IOException, BenchUnavailable;
    }

    private static Subject fewer(Call call) {
        return (calls, nanos) -> {
            for (int i = 0; i < Math.max(1, calls / SLOWER); i++) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                long begun = System.nanoTime();
                if (!call.isRight()) {
                    throw new IOException("a process gave another answer");
                }
                nanos.accept(System.nanoTime() - begun);
            }
        };
    }

    private static byte[] call(String python, Path script, String what, byte[] body)
            throws IOException, BenchUnavailable {
        Process process;
        try {
            process = new ProcessBuilder(python, "-B", script.toString(), what)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new BenchUnavailable(python + " cannot be run: " + e.getMessage(), e);
        }
        // It reads all before it writes, so that neither waits for the other.
        try (OutputStream to = process.getOutputStream()) {
            to.write(body);
        }
        byte[] answer = process.getInputStream().readAllBytes();
        var unused = process.onExit().join();
        return answer;
    }
}
