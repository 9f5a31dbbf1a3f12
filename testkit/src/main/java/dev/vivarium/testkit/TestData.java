package dev.vivarium.testkit;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.CodecException;
import dev.vivarium.protocol.JsonCodec;
import dev.vivarium.protocol.Limits;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Draws values that can be arguments of calls: JSON of every kind, text in any script, bodies of an exact size. The same seed
 * draws the same values in the same order. Not thread-safe.
 *
 * <pre>{@code
 * TestData data = TestData.of(kit);
 * Object value = data.value();
 * PythonCall<String> largest = data.ofBodySize("echo", limits.maxBodyBytes());
 * }</pre>
 *
 * <p>What JSON cannot carry is never drawn: numbers that are none, halves of surrogate pairs.
 */
public final class TestData {

    /** How many values one drawn by {@link #value()} has in it at most, itself included. */
    public static final int MAX_VALUES = 100;

    /** How deep one drawn by {@link #value()} is nested at most. */
    public static final int MAX_DEPTH = 8;

    private static final int LONGEST_TEXT = 40;
    private static final int MOST_MEMBERS = 6;
    private static final int BITS = 300;

    /** First and last of the characters that text is made of; what breaks readers of text is among them. */
    private static final int[][] ALPHABETS = {
        {'a', 'z'},
        {' ', '~'},
        {0x0000, 0x001f},
        {0x00a0, 0x024f},
        {0x0300, 0x036f},
        {0x05d0, 0x064a},
        {0x2028, 0x202e},
        {0x4e00, 0x4fff},
        {0xfdd0, 0xffff},
        {0x1f300, 0x1f64f},
    };

    private static final double[] FRACTIONS = {
        0.1, -0.0, 1e-7, 1.5e300, Double.MAX_VALUE, Double.MIN_VALUE, Double.MIN_NORMAL, 123456789.125,
    };

    private static final long[] WHOLE = {
        0, -1, 1, 127, 128, Integer.MAX_VALUE, 1L << 31, (1L << 53) - 1, (1L << 53) + 1, Long.MAX_VALUE, Long.MIN_VALUE,
    };

    /**
     * A value that something has stumbled over before.
     *
     * @param name says what is special about it
     */
    public record EdgeCase(String name, @Nullable Object value) {
        /** Returns the name. */
        @Override
        public String toString() {
            return name;
        }
    }

    private final long seed;
    private final SplittableRandom random;

    private TestData(long seed) {
        this.seed = seed;
        this.random = new SplittableRandom(seed);
    }

    /** Returns what draws by the seed of a test's pool, which a failed test shows. */
    public static TestData of(TestPool kit) {
        return seeded(kit.seed());
    }

    /** Returns what draws by a seed. */
    public static TestData seeded(long seed) {
        return new TestData(seed);
    }

    /** Returns the seed. */
    public long seed() {
        return seed;
    }

    /** Returns the source of randomness, for what a test draws besides. */
    public SplittableRandom random() {
        return random;
    }

    /** Returns one of several. */
    public <T> T oneOf(List<T> several) {
        return several.get(random.nextInt(several.size()));
    }

    /**
     * Returns any value: null, a Boolean, a number, a text, or a list or map of such, of at most {@link #MAX_VALUES} values and
     * {@link #MAX_DEPTH} levels.
     */
    public @Nullable Object value() {
        return value(new int[] {MAX_VALUES - 1}, 1);
    }

    /** Returns a value; how many further ones it may have in it is counted down. */
    private @Nullable Object value(int[] left, int depth) {
        int kind = random.nextInt(depth < MAX_DEPTH ? 8 : 5);
        return switch (kind) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> number();
            case 3, 4 -> text(random.nextInt(LONGEST_TEXT));
            case 5, 6 -> {
                Map<String, @Nullable Object> members = new LinkedHashMap<>();
                for (int i = random.nextInt(MOST_MEMBERS + 1); i > 0 && left[0]-- > 0; i--) {
                    members.put(text(random.nextInt(LONGEST_TEXT)), value(left, depth + 1));
                }
                yield members;
            }
            default -> {
                List<@Nullable Object> items = new ArrayList<>();
                for (int i = random.nextInt(MOST_MEMBERS + 1); i > 0 && left[0]-- > 0; i--) {
                    items.add(value(left, depth + 1));
                }
                yield items;
            }
        };
    }

    /** Returns any number: small, at the edges of Java's types, beyond them, or with a fraction. */
    public Number number() {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(-1000, 1000);
            case 1 -> WHOLE[random.nextInt(WHOLE.length)];
            case 2 -> new BigInteger(random.nextInt(1, BITS), new Random(random.nextLong()));
            case 3 -> FRACTIONS[random.nextInt(FRACTIONS.length)];
            default -> random.nextDouble(-1e6, 1e6);
        };
    }

    /**
     * Returns a text of any scripts, with control and combining characters and such beyond the first plane.
     *
     * @param characters how many Unicode characters, 0 or more
     */
    public String text(int characters) {
        StringBuilder text = new StringBuilder(characters);
        int[] alphabet = ALPHABETS[0];
        for (int i = 0; i < characters; i++) {
            if (random.nextInt(4) == 0) {
                alphabet = ALPHABETS[random.nextInt(ALPHABETS.length)];
            }
            text.appendCodePoint(random.nextInt(alphabet[0], alphabet[1] + 1));
        }
        return text.toString();
    }

    /**
     * Returns a call of a handler with one text, whose body, as it is encoded, is of exactly so many bytes: such as the limit
     * {@code calls.max-body-bytes}, and one more, which is refused.
     *
     * @throws IllegalArgumentException when not even an empty text fits, naming the least
     */
    public PythonCall<String> ofBodySize(String handler, int bytes) {
        PythonCall<String> call = PythonCall.to(handler).returning(String.class);
        int least = bodySize(call.args(""));
        if (bytes < least) {
            throw new IllegalArgumentException(
                    "bytes must be at least " + least + " for a call of '" + handler + "' with a text, got " + bytes);
        }
        char[] letters = new char[bytes - least];
        for (int i = 0; i < letters.length; i++) {
            letters[i] = (char) ('a' + random.nextInt(26));
        }
        return call.args(new String(letters));
    }

    private static int bodySize(PythonCall<?> call) {
        try {
            return new JsonCodec(new ObjectMapper(), Limits.DEFAULTS)
                    .encodeCall(call.handler(), call.positional(), call.keywords(), new ArrayList<>())
                    .length;
        } catch (CodecException e) {
            throw new IllegalArgumentException("the call cannot be encoded: " + e.getMessage(), e);
        }
    }

    /** Returns lists in lists; {@code depth} is how many, 1 or more. */
    public static List<?> nested(int depth) {
        List<?> value = List.of();
        for (int i = 1; i < depth; i++) {
            value = List.of(value);
        }
        return value;
    }

    /** Returns an object of so many members, each a small number. */
    public static Map<String, Integer> wide(int members) {
        Map<String, Integer> object = new LinkedHashMap<>();
        for (int i = 0; i < members; i++) {
            object.put("member " + i, i);
        }
        return object;
    }

    /**
     * Returns the values that are worth a try each: empty, deep, wide, of every kind of text and number. They travel there and back
     * as they are; how deep and how long is within what Python and JSON allow everywhere.
     */
    public static List<EdgeCase> edgeCases() {
        List<EdgeCase> cases = new ArrayList<>();
        cases.add(new EdgeCase("null", null));
        cases.add(new EdgeCase("an empty text", ""));
        cases.add(new EdgeCase("an empty list", List.of()));
        cases.add(new EdgeCase("an empty object", Map.of()));
        cases.add(new EdgeCase("an empty name", Map.of("", "")));
        cases.add(new EdgeCase("a list of nulls", Collections.nCopies(3, null)));
        cases.add(new EdgeCase("a list of lists that are empty", List.of(List.of(), List.of())));
        cases.add(new EdgeCase("200 levels", nested(200)));
        cases.add(new EdgeCase("10,000 members", wide(10_000)));
        cases.add(new EdgeCase("10,000 items", Collections.nCopies(10_000, 0)));
        cases.add(new EdgeCase("the name of a placeholder", Map.of("$attachment", "none")));
        for (long number : WHOLE) {
            cases.add(new EdgeCase("the number " + number, number));
        }
        Arrays.stream(FRACTIONS).forEach(number -> cases.add(new EdgeCase("the number " + number, number)));
        cases.add(new EdgeCase("a number of 1,000 digits", BigInteger.TEN.pow(999)));
        cases.add(new EdgeCase("control characters", "\u0000\u0001\b\t\n\f\r\u001b\u007f\u0085"));
        cases.add(new EdgeCase("what JSON escapes", "\"\\/\b</script>"));
        cases.add(new EdgeCase("separators of lines", "a\u2028b\u2029c"));
        cases.add(new EdgeCase("a mark of byte order", "\ufeffx"));
        cases.add(new EdgeCase("combining characters", "e\u0301\u0327 \u1112\u1161\u11ab"));
        cases.add(new EdgeCase("from right to left", "\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c"));
        cases.add(new EdgeCase("beyond the first plane", "\ud83d\udc69\u200d\ud83d\udd2c \ud835\udd38 \udbff\udfff"));
        cases.add(new EdgeCase("no characters", "\ufdd0\ufffe\uffff"));
        cases.add(new EdgeCase("text that is no number", List.of("NaN", "Infinity", "1e999", "0x10", "null", "true")));
        cases.add(new EdgeCase("a text of 64 KiB", "x".repeat(64 << 10)));
        return List.copyOf(cases);
    }
}
