package dev.vivarium.testkit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a scripted handler does. */
public sealed interface Reaction {

    /** Returns a value, encoded as JSON; one that has no encoding is an error, as it is in Python. */
    record Reply(@Nullable Object result) implements Reaction {}

    /** Raises an exception of the given Python type. */
    record Raise(String type, String message) implements Reaction {}

    /**
     * Raises {@code RetryAfter} as long as the call has not been started more often than so many times, and then does
     * something else.
     *
     * @param delay what the handler suggests to wait before the call is sent again
     */
    record RetryAfter(int times, Duration delay, Reaction then) implements Reaction {}

    /** Ends the process with an exit status, as {@code os._exit} does. */
    record Exit(int status) implements Reaction {}

    /** Is killed by SIGKILL, and the kernel counts that as an out-of-memory kill. */
    record OutOfMemory() implements Reaction {}

    /** Signals the process and waits for its end, which some signals do not bring about; see {@link Fault.Signalled}. */
    record Die(int signal) implements Reaction {}

    /**
     * Never answers.
     *
     * @param heedsCancel whether a cancellation ends it
     */
    record Hang(boolean heedsCancel) implements Reaction {}

    /** Does something else after a time of the pool's clock. */
    record Later(Duration delay, Reaction then) implements Reaction {}

    /** Does something else once a gate is open; see {@link TestPool#open(String)}. */
    record AtGate(String gate, Reaction then) implements Reaction {}

    /** Reports progress, as {@code ctx.progress()} does, and then does something else. */
    record Progress(Reaction then) implements Reaction {}

    /**
     * Calls a function of the JVM's, as {@code ctx.jvm(...)} does, and does what follows from what it gets.
     *
     * @param function the function's name
     * @param args positional arguments
     */
    record CallBack(String function, List<?> args, Function<CallbackResult, Reaction> then) implements Reaction {}

    /** Raises the error of a function that was called, and that the handler lets through. */
    record LetThrough(CallbackResult result) implements Reaction {}

    /**
     * Calls a function under a number, and for a call, that it ought not to use, and does something else without waiting for an
     * answer.
     */
    record Miscall(long callId, long number, Reaction then) implements Reaction {}

    /** What only a call whose answer is a stream can do; any other gets the error that says so. */
    sealed interface OfStream extends Reaction {}

    /** Yields items, one by one, as far as there is credit, and then does something else. */
    record Yield(List<?> items, Reaction then) implements OfStream {}

    /** Takes an item of those that the call is fed with, and does what follows from it; null stands for the end. */
    record Take(Function<@Nullable JsonNode, Reaction> then) implements OfStream {}

    /** Ends the stream. */
    record Finish() implements OfStream {}

    /**
     * Sends items without regard to credit, or to what was sent before, and then does something else.
     *
     * @param first how many items it claims to have sent before
     */
    record Misstate(long first, List<?> items, Reaction then) implements OfStream {}

    /** Ends the stream and claims to have sent so many items. */
    record Miscount(long items) implements OfStream {}

    /** Answers twice. Layer SCRIPTED only. */
    record Twice(@Nullable Object result) implements Reaction {}

    /** Answers under another call's id. Layer SCRIPTED only. */
    record Foreign(long callId, @Nullable Object result) implements Reaction {}

    /** Writes bytes that need not be a frame to the data channel. Layer SCRIPTED only. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    record Raw(byte[] bytes) implements Reaction {}

    /** Writes the first bytes of an answer and then nothing more, also when cancelled. Layer SCRIPTED only. */
    record Partial(@Nullable Object result, int bytes) implements Reaction {}
}
