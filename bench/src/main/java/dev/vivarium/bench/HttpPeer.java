package dev.vivarium.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** JSON over HTTP on the loopback interface: the server of Python's standard library, and the JDK's client. */
final class HttpPeer implements Peer {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;

    @Override
    public String name() {
        return "HTTP, of both standard libraries";
    }

    @Override
    public Started start(String python, Path folder) throws IOException, BenchUnavailable {
        PeerProcess process = PeerProcess.start(HttpPeer.class, "peer_http.py", python, folder);
        return new Serving(process, URI.create("http://127.0.0.1:" + process.line() + "/"));
    }

    private record Serving(PeerProcess process, URI echo, URI echoBytes, HttpClient client) implements Started {

        Serving(PeerProcess process, URI root) {
            this(
                    process,
                    root.resolve("small"),
                    root.resolve("bytes"),
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build());
        }

        private static HttpRequest request(URI to, byte[] body) {
            return HttpRequest.newBuilder(to)
                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                    .build();
        }

        private static byte[] checked(HttpResponse<byte[]> response) {
            if (response.statusCode() != OK) {
                throw new IllegalStateException("the server answered with status " + response.statusCode());
            }
            return response.body();
        }

        private static Map<?, ?> read(byte[] body) {
            try {
                return JSON.readValue(body, Map.class);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Subject small() {
            return (calls, nanos) -> {
                for (int i = 0; i < calls; i++) {
                    long begun = System.nanoTime();
                    HttpRequest request = request(echo, JSON.writeValueAsBytes(EchoCalls.SMALL));
                    var unused = read(checked(client.send(request, HttpResponse.BodyHandlers.ofByteArray())));
                    nanos.accept(System.nanoTime() - begun);
                }
            };
        }

        @Override
        public Optional<Subject> inFlight(int most) {
            return Optional.of(Peers.inFlight(most, done -> {
                HttpRequest request = request(echo, JSON.writeValueAsBytes(EchoCalls.SMALL));
                var unused = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray())
                        .thenApply(response -> read(checked(response)))
                        .whenComplete((answer, failure) -> done.accept(failure));
            }));
        }

        @Override
        public Subject bytes(byte[] body) {
            return (calls, nanos) -> {
                for (int i = 0; i < calls; i++) {
                    long begun = System.nanoTime();
                    var unused =
                            checked(client.send(request(echoBytes, body), HttpResponse.BodyHandlers.ofByteArray()));
                    nanos.accept(System.nanoTime() - begun);
                }
            };
        }

        @Override
        public void close() {
            process.close();
        }
    }
}
