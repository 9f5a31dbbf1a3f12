package dev.vivarium.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vivarium.bench.BenchUnavailable;
import dev.vivarium.bench.Peer;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** gRPC as a peer of the bench. */
@Tag("processes")
class GrpcPeerTest {

    private static Path executable(Path folder, String script) throws IOException {
        Path file = Files.writeString(folder.resolve("python"), "#!/bin/sh\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
        return file;
    }

    @Test
    void isFoundByTheBench() {
        assertThat(ServiceLoader.load(Peer.class))
                .hasOnlyElementsOfType(GrpcPeer.class)
                .hasSize(1);
    }

    @Test
    void isLeftOutWhereTheInterpreterHasNoGrpc(@TempDir Path folder) throws Exception {
        // Given an interpreter that sees nothing of what is installed
        Path python = executable(folder, "exec python3 -I -S \"$@\"\n");

        assertThatThrownBy(() -> new GrpcPeer().start(python.toString(), folder))
                .isInstanceOf(BenchUnavailable.class)
                .hasMessageContaining("No module named 'grpc'");
    }

    private static void echo(byte[] body, StreamObserver<byte[]> to) {
        to.onNext(body);
        to.onCompleted();
    }

    @Test
    void callsWaitForTheirAnswersAndAreCounted(@TempDir Path folder) throws Exception {
        // Given a server like Python's, and what says so in place of an interpreter
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(ServerServiceDefinition.builder(GrpcCalls.SERVICE)
                        .addMethod(GrpcCalls.method("Small"), ServerCalls.asyncUnaryCall(GrpcPeerTest::echo))
                        .addMethod(GrpcCalls.method("Bytes"), ServerCalls.asyncUnaryCall(GrpcPeerTest::echo))
                        .build())
                .build()
                .start();
        Path python = executable(folder, "echo " + server.getPort() + "\ncat > /dev/null\n");
        List<Long> took = new ArrayList<>();

        // When
        try (Peer.Started peer = new GrpcPeer().start(python.toString(), folder)) {
            peer.small().run(3, took::add);
            peer.bytes(new byte[1 << 20]).run(2, took::add);
            peer.inFlight(4).orElseThrow().run(20, took::add);
        } finally {
            server.shutdownNow();
            server.awaitTermination();
        }

        // Then those of one caller say how long each took
        assertThat(took).hasSize(5).allMatch(nanos -> nanos > 0);
    }
}
