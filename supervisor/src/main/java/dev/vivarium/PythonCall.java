package dev.vivarium;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.protocol.Destination;
import dev.vivarium.protocol.RawJson;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Describes a call of a Python handler: which, with what, and what may be done about failures. Immutable; every method
 * returns a changed copy.
 *
 * <pre>{@code
 * PythonCall<Score> call = PythonCall.to("classify").args("some text").keyword("top", 3)
 *         .returning(Score.class).timeout(Duration.ofSeconds(2)).retrySafe();
 * }</pre>
 *
 * @param <T> the result's type
 */
public final class PythonCall<T> {

    /** The longest time limit that a call, or a pool's closing, can have. */
    public static final Duration MAX_TIMEOUT = Duration.ofDays(30);

    private final String handler;
    private final List<@Nullable Object> positional;
    private final Map<String, @Nullable Object> keywords;
    private final @Nullable RawJson rawKeywords;
    private final Type resultType;
    private final Terms terms;

    /** What a call may take, and how it ends. */
    private record Terms(
            @Nullable Duration timeout,
            boolean retrySafe,
            @Nullable Integer maxRetries,
            boolean timed,
            boolean direct) {}

    private PythonCall(
            String handler,
            List<@Nullable Object> positional,
            Map<String, @Nullable Object> keywords,
            @Nullable RawJson rawKeywords,
            Type resultType,
            Terms terms) {
        this.handler = handler;
        this.positional = positional;
        this.keywords = keywords;
        this.rawKeywords = rawKeywords;
        this.resultType = resultType;
        this.terms = terms;
    }

    /**
     * Begins the description of a call without arguments whose result is a {@link JsonNode}.
     *
     * @param handler the handler's name in Python
     * @throws IllegalArgumentException when the name is empty
     */
    public static PythonCall<JsonNode> to(String handler) {
        if (handler.isEmpty()) {
            throw new IllegalArgumentException("handler must not be empty");
        }
        return new PythonCall<>(
                handler, List.of(), Map.of(), null, JsonNode.class, new Terms(null, false, null, false, false));
    }

    /** Returns a copy with these positional arguments in place of the present ones; {@code null} becomes {@code None}. */
    public PythonCall<T> args(@Nullable Object... values) {
        List<@Nullable Object> copy = new ArrayList<>(values.length);
        Collections.addAll(copy, values);
        return new PythonCall<>(handler, Collections.unmodifiableList(copy), keywords, rawKeywords, resultType, terms);
    }

    /**
     * Returns a copy with one more keyword argument.
     *
     * @throws IllegalStateException when the keywords were given as JSON
     */
    public PythonCall<T> keyword(String name, @Nullable Object value) {
        if (rawKeywords != null) {
            throw new IllegalStateException("keywords were given as JSON, so '" + name + "' cannot be added");
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(keywords);
        copy.put(Objects.requireNonNull(name, "name"), value);
        return new PythonCall<>(handler, positional, Collections.unmodifiableMap(copy), null, resultType, terms);
    }

    /**
     * Returns a copy with these keyword arguments in place of the present ones, in the map's order; {@code null} becomes
     * {@code None}. One copy of the map is made, where {@link #keyword} makes one for each argument.
     */
    public PythonCall<T> keywords(Map<String, ? extends @Nullable Object> values) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(values);
        copy.keySet().forEach(name -> Objects.requireNonNull(name, "name"));
        return new PythonCall<>(handler, positional, Collections.unmodifiableMap(copy), null, resultType, terms);
    }

    /** Returns a copy whose keyword arguments are the members of {@code object}, a JSON object sent on as it stands. */
    public PythonCall<T> keywordsJson(RawJson object) {
        return new PythonCall<>(handler, positional, Map.of(), object, resultType, terms);
    }

    /** Returns a copy whose result is converted to {@code type}: a record, a bean, a boxed primitive, {@link RawJson}. */
    public <R> PythonCall<R> returning(Class<R> type) {
        return new PythonCall<>(handler, positional, keywords, rawKeywords, type, terms);
    }

    /** Returns a copy whose result is converted to a generic type, such as {@code new TypeReference<List<Score>>() {}}. */
    public <R> PythonCall<R> returning(TypeReference<R> type) {
        return new PythonCall<>(handler, positional, keywords, rawKeywords, type.getType(), terms);
    }

    /**
     * Returns a copy whose result, bytes or the elements of an array with their lowest byte first, is put into {@code destination},
     * from its position on. The call ends with that buffer: its position is where it was, its limit behind the result. Neither
     * memory nor time is spent on a new one. Until the call has ended the buffer is the call's; a result that does not fit in is
     * {@link ResultNotDecodable}.
     *
     * @throws IllegalArgumentException when it is read-only
     */
    public PythonCall<ByteBuffer> returningInto(ByteBuffer destination) {
        return new PythonCall<>(handler, positional, keywords, rawKeywords, new Destination(destination), terms);
    }

    /**
     * Returns a copy with its own time limit, from the moment the call is made; it covers queue, retries and run.
     *
     * @throws IllegalArgumentException when it is not positive, or longer than {@link #MAX_TIMEOUT}
     */
    public PythonCall<T> timeout(Duration limit) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("timeout must be positive, got " + limit);
        }
        if (limit.compareTo(MAX_TIMEOUT) > 0) {
            throw new IllegalArgumentException("timeout must be at most " + MAX_TIMEOUT + ", got " + limit);
        }
        return on(new Terms(limit, terms.retrySafe, terms.maxRetries, terms.timed, terms.direct));
    }

    /** Returns a copy that declares: running the handler twice does no harm, so it may be sent again after a crash. */
    public PythonCall<T> retrySafe() {
        return on(new Terms(terms.timeout, true, terms.maxRetries, terms.timed, terms.direct));
    }

    /**
     * Returns a copy that is sent at most {@code retries} times beyond the first. An attempt whose worker was killed from outside
     * before the handler had begun does not count, unless {@code retries} is 0: then it is sent once.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public PythonCall<T> maxRetries(int retries) {
        if (retries < 0) {
            throw new IllegalArgumentException("maxRetries must be >= 0, got " + retries);
        }
        return on(new Terms(terms.timeout, terms.retrySafe, retries, terms.timed, terms.direct));
    }

    /**
     * Returns a copy that notes when it is queued, leased, sent, started and answered, for each attempt: see {@link
     * CallTimeline}. Costs the call some microseconds, and calls that are not timed nothing.
     */
    public PythonCall<T> timed() {
        return on(new Terms(terms.timeout, terms.retrySafe, terms.maxRetries, true, terms.direct));
    }

    /**
     * Returns a copy whose callbacks get a result on the thread that has read it from the worker, and not on the callback
     * executor: sooner by the waking of a thread, 10 to 40 µs. They must be short and must not block: until they are done, the
     * worker gets no further call. An error still comes on the executor.
     */
    public PythonCall<T> callbacksDirectly() {
        return on(new Terms(terms.timeout, terms.retrySafe, terms.maxRetries, terms.timed, true));
    }

    private PythonCall<T> on(Terms others) {
        return new PythonCall<>(handler, positional, keywords, rawKeywords, resultType, others);
    }

    /** Returns the handler's name. */
    public String handler() {
        return handler;
    }

    /** Returns the positional arguments, unmodifiable. */
    public List<@Nullable Object> positional() {
        return positional;
    }

    /** Returns the keyword arguments, unmodifiable; empty when they were given as JSON. */
    public Map<String, @Nullable Object> keywords() {
        return keywords;
    }

    /** Returns the keyword arguments given as JSON. */
    public Optional<RawJson> rawKeywords() {
        return Optional.ofNullable(rawKeywords);
    }

    /** Returns what the result is converted to. */
    public Type resultType() {
        return resultType;
    }

    /** Returns the call's own time limit; empty means the pool's {@code callTimeout}. */
    public Optional<Duration> timeoutLimit() {
        return Optional.ofNullable(terms.timeout);
    }

    /** Returns whether the call may run twice. */
    public boolean isRetrySafe() {
        return terms.retrySafe;
    }

    /** Returns the call's own limit of retries; empty means the pool's {@code maxRetries}. */
    public OptionalInt retryLimit() {
        return terms.maxRetries == null ? OptionalInt.empty() : OptionalInt.of(terms.maxRetries);
    }

    /** Returns whether the call notes its {@link CallTimeline}. */
    public boolean isTimed() {
        return terms.timed;
    }

    /** Returns whether callbacks get a result on the thread that reads it. */
    public boolean isCalledBackDirectly() {
        return terms.direct;
    }

    /** Returns the handler and the number of arguments, never their values: they may be secrets. */
    @Override
    public String toString() {
        return "PythonCall(" + handler + ", " + positional.size() + " positional, "
                + (rawKeywords != null ? "JSON" : keywords.size()) + " keywords)";
    }
}
