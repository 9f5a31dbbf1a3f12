package dev.vivarium.bench.peers;

import dev.vivarium.bench.BenchUnavailable;
import dev.vivarium.bench.Peer;
import dev.vivarium.bench.PeerProcess;
import dev.vivarium.bench.Subject;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * gRPC on the loopback interface, with Netty here and Python's {@code grpcio} there, which the interpreter must have. Messages are
 * bytes that hold JSON: what a schema would save in encoding is not in the comparison, on either side.
 */
public final class GrpcPeer implements Peer {

    /** Made by {@link java.util.ServiceLoader}. */
    public GrpcPeer() {}

    @Override
    public String name() {
        return "gRPC";
    }

    @Override
    public Started start(String python, Path folder) throws IOException, BenchUnavailable {
        PeerProcess process = PeerProcess.start(GrpcPeer.class, "grpc_echo.py", python, folder);
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", Integer.parseInt(process.line()))
                .usePlaintext()
                .build();
        GrpcCalls calls = new GrpcCalls(channel);
        return new Started() {
            @Override
            public Subject small() {
                return calls.small();
            }

            @Override
            public Optional<Subject> inFlight(int most) {
                return Optional.of(calls.inFlight(most));
            }

            @Override
            public Subject bytes(byte[] body) {
                return calls.bytes(body);
            }

            @Override
            public void close() {
                channel.shutdownNow();
                process.close();
            }
        };
    }
}
