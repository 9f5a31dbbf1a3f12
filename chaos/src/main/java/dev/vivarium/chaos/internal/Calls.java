package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vivarium.PoolException;
import dev.vivarium.PythonCall;
import dev.vivarium.bench.load.LoadTarget;
import dev.vivarium.bench.load.Operation;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.RandomStreams;
import dev.vivarium.protocol.Execution;
import dev.vivarium.testkit.SessionHistory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Makes the calls of a scenario's load, and keeps their books. Made calls on the generator's thread; thread-safe otherwise. */
final class Calls implements LoadTarget {

    private static final String FORGED = "forged";
    private static final int BYTES = 64 << 10;

    private final LoadSpec load;
    private final Subject subject;
    private final History history;
    private final SessionHistory sessions;
    private final SplittableRandom random;
    private final long tokens;
    private final List<Call> calls = new ArrayList<>();

    Calls(LoadSpec load, Subject subject, History history, SessionHistory sessions, RandomStreams streams) {
        this.load = load;
        this.subject = subject;
        this.history = history;
        this.sessions = sessions;
        random = streams.stream("sessions");
        tokens = streams.seedOf("tokens");
    }

    /** Returns the calls so far, in the order in which they were made. */
    List<Call> all() {
        synchronized (calls) {
            return List.copyOf(calls);
        }
    }

    /** Returns how many have not ended. */
    long open() {
        return all().stream()
                .filter(call -> call.outcome() == Call.Outcome.OPEN)
                .count();
    }

    @Override
    public CompletionStage<?> begin(Operation operation) {
        return begin(operation, System.nanoTime());
    }

    @Override
    public CompletionStage<?> begin(Operation operation, long due) {
        Call call = enter(operation, due);
        String kind = operation.name();
        return kind.equals(LoadSpec.COUNT) || kind.equals(LoadSpec.READ) ? inSession(call) : work(call);
    }

    @Override
    public void dropped(Operation operation, long due) {
        Call call = enter(operation, due);
        end(call, Call.Outcome.DROPPED, null, 0);
    }

    private Call enter(Operation operation, long due) {
        Call call;
        synchronized (calls) {
            call = new Call(calls.size(), operation.name(), history.at(due), history.now());
            calls.add(call);
        }
        history.line("call")
                .with("number", call.number())
                .with("operation", call.operation())
                .with("due", call.due() / 1e9)
                .write();
        return call;
    }

    /** What a call carries and its answer must have: nothing that another call, or a broken worker, could say by chance. */
    private String token(int number) {
        return number + "-" + Long.toHexString(new SplittableRandom(tokens + number).nextLong());
    }

    private CompletionStage<?> work(Call call) {
        String token = token(call.number());
        byte[] bytes = call.operation().equals(LoadSpec.BYTES) ? bytes(token) : new byte[0];
        long work = load.work().toMillis();
        PythonCall<JsonNode> python = bytes.length == 0
                ? PythonCall.to("work").args(token, work)
                : PythonCall.to("carry").args(token, work, bytes);
        python = python.timeout(load.timeout());
        if (call.operation().equals(LoadSpec.SAFE)) {
            python = python.retrySafe();
        }
        return subject.call(python, null, call.number(), (how, told) -> {
            Call.Outcome outcome = how == Call.Outcome.OK ? judged(told.answer(), token, bytes) : how;
            end(call, outcome, told.error(), told.attempts());
        });
    }

    /** What no other call brings: a call's token again and again. */
    private static byte[] bytes(String token) {
        byte[] bytes = new byte[BYTES];
        byte[] from = token.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = from[i % from.length];
        }
        return bytes;
    }

    private static Call.Outcome judged(@Nullable JsonNode answer, String token, byte[] bytes) {
        if (answer != null && answer.isTextual() && answer.asText().equals(FORGED)) {
            return Call.Outcome.FORGED;
        }
        CRC32 sum = new CRC32();
        sum.update(token.getBytes(StandardCharsets.UTF_8));
        sum.update(bytes);
        boolean right = answer != null
                && answer.size() == 2
                && answer.get(0).asText().equals(token)
                && answer.get(1).asLong() == sum.getValue();
        return right ? Call.Outcome.OK : Call.Outcome.WRONG;
    }

    private CompletionStage<?> inSession(Call call) {
        String session = "s" + (1 + random.nextInt(load.sessions()));
        boolean count = call.operation().equals(LoadSpec.COUNT);
        PythonCall<JsonNode> python =
                count ? PythonCall.to("count") : PythonCall.to("recall").args("count");
        long begun = sessions.begin();
        return subject.call(python.timeout(load.timeout()), session, call.number(), (how, told) -> {
            JsonNode answer = told.answer();
            boolean forged = answer != null && answer.isTextual();
            if (how == Call.Outcome.OK && !forged) {
                long value = answer == null || answer.isNull() ? 0 : answer.asLong();
                if (count) {
                    sessions.incremented(session, begun, value);
                } else {
                    sessions.read(session, begun, value);
                }
            } else if (count && (forged || !notStarted(told.error()))) {
                sessions.unknown(session, begun);
            }
            end(call, forged ? Call.Outcome.FORGED : how, told.error(), told.attempts());
        });
    }

    private static boolean notStarted(@Nullable Throwable error) {
        return pool(error) instanceof PoolException known && known.execution() == Execution.NOT_STARTED;
    }

    private static @Nullable Throwable pool(@Nullable Throwable error) {
        return error instanceof CompletionException wrapped ? wrapped.getCause() : error;
    }

    private void end(Call call, Call.Outcome outcome, @Nullable Throwable error, int attempts) {
        Throwable known = pool(error);
        Execution execution = known instanceof PoolException of ? of.execution() : null;
        String type = known == null ? null : known.getClass().getSimpleName();
        call.end(outcome, history.now(), attempts, type, execution);
        history.line("end")
                .with("number", call.number())
                .with("outcome", outcome)
                .with("error", type)
                .with("execution", execution)
                .with("attempts", attempts)
                .with("latency", call.latency() / 1e9)
                .write();
    }
}
