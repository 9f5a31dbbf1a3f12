package dev.vivarium.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Mutations of valid frames of every type, through the decoders of both languages: each ends in frames or in a named
 * violation, and both say the same. {@code -Dvivarium.mutations=1200000} runs more of them, {@code -Dvivarium.seed=N} the
 * same ones again.
 */
@Tag("processes")
class DecoderMutationTest {

    private static final Limits LIMITS = new Limits(65536, 65536, 16);

    private final long seed = Long.getLong("vivarium.seed", new Random().nextLong());
    private final int mutations = Integer.getInteger("vivarium.mutations", 50_000);
    private final Random chance = new Random(seed);
    private long pastHeader;

    @Test
    void bothDecodersAgreeOnEveryMutation() throws Exception {
        BlockingQueue<Object[]> sent = new ArrayBlockingQueue<>(4096);
        AtomicReference<@Nullable Throwable> trouble = new AtomicReference<>();
        Map<String, Integer> outcomes = new TreeMap<>();
        Process python = new ProcessBuilder(
                        System.getProperty("vivarium.python", "python3"),
                        Path.of("../python/tests/decode_driver.py").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread comparing = new Thread(() -> {
            try {
                compare(python, sent, outcomes);
            } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
                trouble.set(e);
                python.destroyForcibly();
            }
        });
        comparing.start();

        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(python.getOutputStream(), 1 << 16))) {
            for (int i = 0; i < mutations && trouble.get() == null; i++) {
                byte[] input = mutant();
                sent.put(new Object[] {input, decode(input)});
                out.writeInt(input.length);
                out.write(input);
            }
        } catch (IOException e) {
            // The comparison ended the process; what it found is reported below.
            assertThat(trouble.get()).as("seed %d", seed).isNotNull();
        }
        comparing.join(TimeUnit.MINUTES.toMillis(10));

        assertThat(trouble.get()).as("seed %d", seed).isNull();
        System.out.printf(
                "mutations %d, past the header %.1f %%, seed %d, outcomes %s%n",
                mutations, 100.0 * pastHeader / mutations, seed, outcomes);
        assertThat(100.0 * pastHeader / mutations)
                .as("share past the header, seed %d", seed)
                .isGreaterThanOrEqualTo(30);
        assertThat(outcomes).as("seed %d", seed).containsKeys("OK", "TRUNCATED", "BAD_MAGIC", "BAD_ATTACHMENTS");
    }

    private void compare(Process python, BlockingQueue<Object[]> sent, Map<String, Integer> outcomes)
            throws IOException, InterruptedException {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(python.getInputStream(), StandardCharsets.UTF_8))) {
            for (int i = 0; i < mutations; i++) {
                Object[] pair = sent.take();
                // The driver answers in blocks; the line is there at the latest when its input has ended.
                String theirs = in.readLine();
                String ours = (String) pair[1];
                if (!ours.equals(theirs)) {
                    throw new AssertionError("for " + java.util.HexFormat.of().formatHex((byte[]) pair[0])
                            + "\nJava   says " + ours + "\nPython says " + theirs);
                }
                outcomes.merge(ours.substring(ours.indexOf('|') + 1), 1, Integer::sum);
            }
        }
    }

    private static String decode(byte[] input) {
        FrameDecoder decoder = new FrameDecoder(LIMITS);
        List<String> frames = new ArrayList<>();
        String verdict = "OK";
        try {
            decoder.feed(ByteBuffer.wrap(input), frame -> frames.add(describe(frame)));
            decoder.end();
        } catch (ProtocolViolationException e) {
            verdict = e.violation().kind().name();
        }
        return String.join(";", frames) + "|" + verdict;
    }

    private static String describe(Frame frame) {
        CRC32 crc = new CRC32();
        crc.update(frame.body());
        frame.attachments().forEach(attachment -> crc.update(attachment.duplicate()));
        return frame.type() + ":" + Long.toUnsignedString(frame.callId()) + ":"
                + Long.toUnsignedString(frame.remainingMicros()) + ":" + Integer.toUnsignedString(frame.incarnation())
                + ":" + frame.body().length + ":" + frame.attachments().size() + ":" + crc.getValue();
    }

    private byte[] mutant() {
        byte[] valid = frame();
        boolean late = valid.length > Frame.HEADER_BYTES && chance.nextInt(100) < 60;
        int from = late ? Frame.HEADER_BYTES : 0;
        if (late) {
            pastHeader++;
        }
        byte[] mutated = valid;
        for (int i = chance.nextInt(3); i >= 0; i--) {
            mutated = mutate(mutated, Math.min(from, mutated.length));
        }
        return mutated;
    }

    private byte[] mutate(byte[] bytes, int from) {
        int room = bytes.length - from;
        ArrayDeque<byte[]> parts = new ArrayDeque<>();
        int at = from + (room == 0 ? 0 : chance.nextInt(room));
        switch (chance.nextInt(8)) {
            case 0 -> {
                if (room > 0) {
                    bytes[at] ^= (byte) (1 << chance.nextInt(8));
                }
                parts.add(bytes);
            }
            case 1 -> {
                if (room > 0) {
                    bytes[at] = (byte) chance.nextInt(256);
                }
                parts.add(bytes);
            }
            case 2 -> parts.add(java.util.Arrays.copyOf(bytes, at)); // cut short
            case 3 -> { // insert
                parts.add(java.util.Arrays.copyOf(bytes, at));
                parts.add(random(1 + chance.nextInt(8)));
                parts.add(java.util.Arrays.copyOfRange(bytes, at, bytes.length));
            }
            case 4 -> { // a second frame behind
                parts.add(bytes);
                parts.add(frame());
            }
            case 5 -> { // splice another frame in
                parts.add(java.util.Arrays.copyOf(bytes, at));
                parts.add(frame());
            }
            case 6 -> { // an interesting length, in the header or in the attachment table
                if (room >= 4) {
                    int offset = from == 0 ? 28 + 4 * chance.nextInt(2) : from + chance.nextInt(room - 3);
                    int[] lengths = {0, 1, 4, 65535, 65536, 65537, Integer.MAX_VALUE, -1};
                    ByteBuffer.wrap(bytes)
                            .putInt(Math.min(offset, bytes.length - 4), lengths[chance.nextInt(lengths.length)]);
                }
                parts.add(bytes);
            }
            default -> { // remove a piece
                int end = Math.min(bytes.length, at + 1 + chance.nextInt(8));
                parts.add(java.util.Arrays.copyOf(bytes, at));
                parts.add(java.util.Arrays.copyOfRange(bytes, end, bytes.length));
            }
        }
        ByteBuffer all =
                ByteBuffer.allocate(parts.stream().mapToInt(p -> p.length).sum());
        parts.forEach(all::put);
        return all.array();
    }

    private byte[] frame() {
        FrameType type = FrameType.values()[chance.nextInt(FrameType.values().length)];
        List<ByteBuffer> attachments = new ArrayList<>();
        for (int i = chance.nextInt(4); i > 0; i--) {
            attachments.add(ByteBuffer.wrap(random(chance.nextInt(24))));
        }
        return FrameEncoder.encode(new Frame(
                        type,
                        chance.nextLong(),
                        chance.nextLong(),
                        chance.nextInt(),
                        random(chance.nextInt(64)),
                        attachments))
                .array();
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        chance.nextBytes(bytes);
        return bytes;
    }
}
