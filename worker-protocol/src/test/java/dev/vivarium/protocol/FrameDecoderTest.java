package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The decoder, on the vectors that every decoder of the protocol is tested with. */
class FrameDecoderTest {

    record Outcome(List<String> frames, @Nullable String violation) {}

    static List<JsonNode> vectors() throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("src/test/resources/vectors"), "*.json")) {
            for (Path file : files) {
                new ObjectMapper().readTree(file.toFile()).forEach(vectors::add);
            }
        }
        return vectors;
    }

    private static Limits limits(JsonNode vector) {
        JsonNode limits = vector.get("limits");
        return limits == null
                ? Limits.DEFAULTS
                : new Limits(
                        limits.get("maxBodyBytes").asInt(),
                        limits.get("maxAttachmentsBytes").asInt(),
                        limits.get("maxAttachmentCount").asInt());
    }

    private static Outcome expected(JsonNode vector) {
        List<String> frames = new ArrayList<>();
        for (JsonNode frame : vector.get("frames")) {
            List<String> attachments = new ArrayList<>();
            frame.get("attachmentsHex").forEach(a -> attachments.add(a.asText()));
            frames.add(frame.get("type").asText() + " " + frame.get("callId").asText() + " "
                    + frame.get("remaining").asText() + " "
                    + frame.get("incarnation").asText() + " "
                    + frame.get("bodyHex").asText() + " " + attachments);
        }
        return new Outcome(
                frames,
                vector.get("violation").isNull()
                        ? null
                        : vector.get("violation").asText());
    }

    private static String describe(Frame frame) {
        List<String> attachments = new ArrayList<>();
        for (ByteBuffer attachment : frame.attachments()) {
            byte[] bytes = new byte[attachment.remaining()];
            attachment.duplicate().get(bytes);
            attachments.add(HexFormat.of().formatHex(bytes));
        }
        return frame.type() + " " + Long.toUnsignedString(frame.callId()) + " "
                + Long.toUnsignedString(frame.remainingMicros()) + " " + Integer.toUnsignedString(frame.incarnation())
                + " " + HexFormat.of().formatHex(frame.body()) + " " + attachments;
    }

    private static Outcome decode(byte[] bytes, Limits limits, boolean end, int chunk) {
        FrameDecoder decoder = new FrameDecoder(limits);
        List<String> frames = new ArrayList<>();
        try {
            for (int start = 0; start < bytes.length; start += chunk) {
                int length = Math.min(chunk, bytes.length - start);
                decoder.feed(ByteBuffer.wrap(bytes, start, length), frame -> frames.add(describe(frame)));
            }
            if (end) {
                decoder.end();
            }
            return new Outcome(frames, null);
        } catch (ProtocolViolationException e) {
            return new Outcome(frames, e.violation().kind().name());
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void decodesAVectorHoweverItsBytesArrive(JsonNode vector) {
        byte[] bytes = HexFormat.of().parseHex(vector.get("hex").asText());
        boolean end = vector.get("end").asBoolean();

        for (int chunk : new int[] {1, 7, 41, Math.max(1, bytes.length)}) {
            assertThat(decode(bytes, limits(vector), end, chunk))
                    .as("%s, in pieces of %d", vector.get("name").asText(), chunk)
                    .isEqualTo(expected(vector));
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void readsAVectorFromAChannel(JsonNode vector) throws IOException {
        if (!vector.get("end").asBoolean()) {
            return; // A channel that has no end yet would be waited for.
        }
        byte[] bytes = HexFormat.of().parseHex(vector.get("hex").asText());
        FrameReader reader = new FrameReader(Channels.newChannel(new ByteArrayInputStream(bytes)), limits(vector));
        List<String> frames = new ArrayList<>();
        String violation = null;

        try {
            Frame frame = reader.read();
            while (frame != null) {
                frames.add(describe(frame));
                frame = reader.read();
            }
        } catch (ProtocolViolationException e) {
            violation = e.violation().kind().name();
        }

        assertThat(violation).isEqualTo(expected(vector).violation());
        assertThat(frames).isEqualTo(expected(vector).frames());
    }

    @Test
    void encodesWhatItDecodes() throws IOException {
        for (JsonNode vector : vectors()) {
            if (vector.get("violation").isNull() && vector.get("end").asBoolean()) {
                byte[] bytes = HexFormat.of().parseHex(vector.get("hex").asText());
                ByteBuffer again = ByteBuffer.allocate(bytes.length);
                try {
                    new FrameDecoder(limits(vector))
                            .feed(ByteBuffer.wrap(bytes), frame -> again.put(FrameEncoder.encode(frame)));
                } catch (ProtocolViolationException e) {
                    throw new AssertionError(e);
                }
                assertThat(again.array()).as(vector.get("name").asText()).isEqualTo(bytes);
            }
        }
    }

    @Nested
    class AViolation {

        private ProtocolViolationException caught(byte[] bytes) {
            try {
                new FrameDecoder(Limits.DEFAULTS).feed(ByteBuffer.wrap(bytes), frame -> {});
                throw new AssertionError("no violation");
            } catch (ProtocolViolationException e) {
                return e;
            }
        }

        @Test
        void quotesTheFirstBytesAndSuspectsAPrint() {
            assertThat(caught("Loading model...\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                    .hasMessageContaining("Loading model....")
                    .hasMessageContaining("did something print");
        }

        @Test
        void quotesAtMost64Bytes() {
            assertThat(caught(new byte[1000]).violation().firstBytes()).hasSize(ProtocolViolation.QUOTED_BYTES);
        }

        @Test
        void stays() {
            FrameDecoder decoder = new FrameDecoder(Limits.DEFAULTS);
            assertThatThrownBy(() -> decoder.feed(ByteBuffer.wrap(new byte[1]), frame -> {}))
                    .isInstanceOf(ProtocolViolationException.class);

            assertThatThrownBy(() -> decoder.feed(FrameEncoder.encode(Frame.of(FrameType.PING, 1, 1)), frame -> {}))
                    .isInstanceOf(ProtocolViolationException.class);
        }
    }

    @Test
    void takesNoSpaceForABodyThatDoesNotCome() throws ProtocolViolationException {
        FrameDecoder decoder = new FrameDecoder(new Limits(Integer.MAX_VALUE - 100, 0, 0));
        ByteBuffer header = FrameEncoder.encode(Frame.of(FrameType.REPLY, 1, 1));
        header.putInt(28, Integer.MAX_VALUE - 200);

        // Would fail with an OutOfMemoryError if the length announced were believed, 50 times over.
        List<FrameDecoder> decoders = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            FrameDecoder another = new FrameDecoder(new Limits(Integer.MAX_VALUE - 100, 0, 0));
            another.feed(header.duplicate(), frame -> {});
            decoders.add(another);
        }

        decoder.feed(header, frame -> {});
        assertThat(decoders).hasSize(50);
    }
}
