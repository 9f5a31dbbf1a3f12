package dev.vivarium.bench.peers;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.bench.Peers;
import dev.vivarium.bench.Subject;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Calls over a channel whose server sends back what it gets. */
final class GrpcCalls {

    static final String SERVICE = "vivarium.Echo";

    private static final Map<String, String> SMALL = Map.of("x", "a".repeat(36));
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Channel channel;

    GrpcCalls(Channel channel) {
        this.channel = channel;
    }

    /** Returns one of the two methods: {@code Small}, which decodes and encodes JSON, or {@code Bytes}. */
    static MethodDescriptor<byte[], byte[]> method(String name) {
        return MethodDescriptor.newBuilder(Bytes.AS_THEY_ARE, Bytes.AS_THEY_ARE)
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
                .build();
    }

    private enum Bytes implements MethodDescriptor.Marshaller<byte[]> {
        AS_THEY_ARE;

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] call(MethodDescriptor<byte[], byte[]> method, byte[] body) {
        return ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, body);
    }

    Subject small() {
        MethodDescriptor<byte[], byte[]> method = method("Small");
        return (calls, nanos) -> {
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                var unused = JSON.readValue(call(method, JSON.writeValueAsBytes(SMALL)), Map.class);
                nanos.accept(System.nanoTime() - begun);
            }
        };
    }

    Subject bytes(byte[] body) {
        MethodDescriptor<byte[], byte[]> method = method("Bytes");
        return (calls, nanos) -> {
            for (int i = 0; i < calls; i++) {
                long begun = System.nanoTime();
                if (call(method, body).length != body.length) {
                    throw new IOException("gRPC gave another answer");
                }
                nanos.accept(System.nanoTime() - begun);
            }
        };
    }

    Subject inFlight(int most) {
        MethodDescriptor<byte[], byte[]> method = method("Small");
        return Peers.inFlight(
                most,
                done -> ClientCalls.asyncUnaryCall(
                        channel.newCall(method, CallOptions.DEFAULT), JSON.writeValueAsBytes(SMALL), new Answer(done)));
    }

    private static final class Answer implements StreamObserver<byte[]> {
        private final Consumer<@Nullable Throwable> done;
        private @Nullable Throwable unread;

        Answer(Consumer<@Nullable Throwable> done) {
            this.done = done;
        }

        @Override
        public void onNext(byte[] body) {
            try {
                var unused = JSON.readValue(body, Map.class);
            } catch (IOException e) {
                unread = e;
            }
        }

        @Override
        public void onError(Throwable failure) {
            done.accept(failure);
        }

        @Override
        public void onCompleted() {
            done.accept(unread);
        }
    }
}
