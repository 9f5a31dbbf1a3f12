package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.ChaosFault;
import dev.vivarium.chaos.Expectation;
import dev.vivarium.chaos.LoadSpec;
import dev.vivarium.chaos.Scenario;
import dev.vivarium.chaos.Step;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Writes scenarios, so that {@link ScenarioReader} makes equal ones of the text. */
public final class ScenarioWriter {

    private static final YAMLFactory YAML = YAMLFactory.builder()
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();

    private final JsonGenerator out;

    private ScenarioWriter(JsonGenerator out) {
        this.out = out;
    }

    /** Returns a scenario in YAML, with every value. */
    public static String write(Scenario scenario) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = YAML.createGenerator(text)) {
            new ScenarioWriter(generator).scenario(scenario);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void scenario(Scenario scenario) throws IOException {
        out.writeStartObject();
        out.writeStringField("name", scenario.name());
        out.writeStringField("title", scenario.title());
        out.writeObjectFieldStart("pool");
        out.writeNumberField("workers", scenario.workers());
        texts("options", scenario.options());
        out.writeEndObject();
        load(scenario.load());
        out.writeObjectFieldStart("steady");
        time("window", scenario.steady().window());
        share("ok", scenario.steady().ok());
        time("p99", scenario.steady().p99());
        share("ok-during", scenario.steady().okDuring());
        time("p99-during", scenario.steady().p99During());
        out.writeEndObject();
        steps("method", scenario.method());
        time("recover", scenario.recover());
        texts("expect", scenario.expect().stream().map(Expectation::toString).toList());
        out.writeEndObject();
    }

    private void load(LoadSpec load) throws IOException {
        out.writeObjectFieldStart("load");
        out.writeStringField("plan", load.plan());
        out.writeObjectFieldStart("mix");
        for (Map.Entry<String, Integer> part : load.mix().entrySet()) {
            out.writeNumberField(part.getKey(), part.getValue());
        }
        out.writeEndObject();
        time("work", load.work());
        time("timeout", load.timeout());
        out.writeNumberField("sessions", load.sessions());
        out.writeNumberField("in-flight", load.maxInFlight());
        out.writeEndObject();
    }

    private void texts(String name, List<String> texts) throws IOException {
        out.writeArrayFieldStart(name);
        for (String text : texts) {
            out.writeString(text);
        }
        out.writeEndArray();
    }

    private void time(String name, Duration time) throws IOException {
        out.writeStringField(name, LoadPlanText.text(time));
    }

    private void share(String name, double share) throws IOException {
        BigDecimal percent = BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros();
        out.writeStringField(name, percent.toPlainString() + "%");
    }

    private void bytes(String name, long bytes) throws IOException {
        boolean mebi = bytes % (1 << 20) == 0;
        out.writeStringField(name, mebi ? (bytes >> 20) + "MiB" : bytes + "B");
    }

    private void steps(String name, List<Step> steps) throws IOException {
        out.writeArrayFieldStart(name);
        for (Step step : steps) {
            out.writeStartObject();
            step(step);
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private void step(Step step) throws IOException {
        time("after", step.after());
        if (step instanceof Step.Inject inject) {
            inject(inject);
        } else if (step instanceof Step.Sequence sequence) {
            steps("sequence", sequence.steps());
        } else if (step instanceof Step.Parallel parallel) {
            steps("parallel", parallel.steps());
        } else if (step instanceof Step.Staged staged) {
            out.writeObjectFieldStart("staged");
            out.writeNumberField("times", staged.times());
            time("every", staged.every());
            out.writeObjectFieldStart("step");
            step(staged.step());
            out.writeEndObject();
            out.writeEndObject();
        } else if (step instanceof Step.Mix mix) {
            out.writeObjectFieldStart("mix");
            time("length", mix.length());
            time("every", mix.every());
            out.writeBooleanField("swarm", mix.swarm());
            out.writeArrayFieldStart("of");
            for (Step.Choice choice : mix.choices()) {
                out.writeStartObject();
                out.writeNumberField("weight", choice.weight());
                step(choice.step());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        } else if (step instanceof Step.When when) {
            out.writeObjectFieldStart("when");
            out.writeStringField("reached", when.event());
            out.writeObjectFieldStart("step");
            step(when.step());
            out.writeEndObject();
            out.writeEndObject();
        }
    }

    private void inject(Step.Inject inject) throws IOException {
        out.writeObjectFieldStart("fault");
        fault(inject.fault());
        out.writeEndObject();
        out.writeStringField("targets", inject.targets().toString());
        time("within", inject.within());
        time("ttl", inject.ttl());
        out.writeNumberField("times", inject.times());
    }

    private void word(String name, Enum<?> constant) throws IOException {
        out.writeStringField(name, Reading.word(constant));
    }

    private void fault(ChaosFault fault) throws IOException {
        out.writeStringField("kind", kind(fault));
        if (fault instanceof ChaosFault.Signalled signalled) {
            word("signal", signalled.signal());
            word("at", signalled.at());
        } else if (fault instanceof ChaosFault.Exited exited) {
            out.writeNumberField("status", exited.status());
        } else if (fault instanceof ChaosFault.Delayed delayed) {
            word("direction", delayed.direction());
            time("by", delayed.by());
            time("jitter", delayed.jitter());
            out.writeNumberField("correlation", delayed.correlation());
            share("share", delayed.share());
        } else if (fault instanceof ChaosFault.Frames frames) {
            word("effect", frames.effect());
            word("direction", frames.direction());
            share("share", frames.share());
        } else if (fault instanceof ChaosFault.Partitioned partitioned) {
            word("direction", partitioned.direction());
        } else if (fault instanceof ChaosFault.Grown grown) {
            bytes("bytes", grown.bytes());
            bytes("most", grown.most());
        } else if (fault instanceof ChaosFault.Burned burned) {
            time("time", burned.time());
        } else if (fault instanceof ChaosFault.Threads threads) {
            out.writeNumberField("count", threads.count());
        } else if (fault instanceof ChaosFault.Descriptors descriptors) {
            out.writeNumberField("count", descriptors.count());
        } else if (fault instanceof ChaosFault.PoolSignalled signalled) {
            word("process", signalled.process());
            word("signal", signalled.signal());
        } else if (fault instanceof ChaosFault.JvmPaused paused) {
            time("time", paused.time());
        } else if (fault instanceof ChaosFault.SharedMemoryFilled filled) {
            bytes("most", filled.most());
        } else if (fault instanceof ChaosFault.DiskFilled filled) {
            bytes("bytes", filled.bytes());
        } else if (fault instanceof ChaosFault.Sliced sliced) {
            word("direction", sliced.direction());
            bytes("bytes", sliced.bytes());
            time("pause", sliced.pause());
            share("share", sliced.share());
        } else if (fault instanceof ChaosFault.Throttled throttled) {
            word("direction", throttled.direction());
            bytes("bytes-per-second", throttled.bytesPerSecond());
        } else if (fault instanceof ChaosFault.Swizzled swizzled) {
            word("direction", swizzled.direction());
        } else if (fault instanceof ChaosFault.HealthLied lied) {
            word("lie", lied.lie());
        } else if (fault instanceof ChaosFault.SlowStarted slow) {
            time("by", slow.by());
        }
    }

    /** Returns the word of a fault's kind. */
    public static String kind(ChaosFault fault) {
        if (fault instanceof ChaosFault.Signalled) {
            return "signal";
        } else if (fault instanceof ChaosFault.GuardianKilled) {
            return "guardian-kill";
        } else if (fault instanceof ChaosFault.Exited) {
            return "exit";
        } else if (fault instanceof ChaosFault.Hung) {
            return "hang";
        } else if (fault instanceof ChaosFault.Delayed) {
            return "delay";
        } else if (fault instanceof ChaosFault.Frames) {
            return "frames";
        } else if (fault instanceof ChaosFault.Partitioned) {
            return "partition";
        } else if (fault instanceof ChaosFault.Grown) {
            return "grow";
        } else if (fault instanceof ChaosFault.Burned) {
            return "burn";
        } else if (fault instanceof ChaosFault.Threads) {
            return "threads";
        } else if (fault instanceof ChaosFault.Descriptors) {
            return "descriptors";
        } else if (fault instanceof ChaosFault.PoolSignalled) {
            return "pool-signal";
        } else if (fault instanceof ChaosFault.JvmPaused) {
            return "jvm-pause";
        } else if (fault instanceof ChaosFault.SharedMemoryFilled) {
            return "shared-memory-full";
        } else if (fault instanceof ChaosFault.DiskFilled) {
            return "disk-full";
        } else if (fault instanceof ChaosFault.Sliced) {
            return "slice";
        } else if (fault instanceof ChaosFault.Throttled) {
            return "throttle";
        } else if (fault instanceof ChaosFault.Swizzled) {
            return "swizzle";
        } else if (fault instanceof ChaosFault.HealthLied) {
            return "health-lie";
        }
        return "slow-start";
    }

    /** Returns the word of a fault's kind, and what kinds of that kind there are: another signal, effect, direction or lie is another. */
    static String finerKind(ChaosFault fault) {
        String kind = kind(fault);
        if (fault instanceof ChaosFault.Signalled signalled) {
            return kind + " " + signalled.signal();
        } else if (fault instanceof ChaosFault.PoolSignalled signalled) {
            return kind + " " + Reading.word(signalled.process()) + " " + signalled.signal();
        } else if (fault instanceof ChaosFault.Frames frames) {
            return kind + " " + Reading.word(frames.effect()) + " " + Reading.word(frames.direction());
        } else if (fault instanceof ChaosFault.Partitioned partitioned) {
            return kind + " " + Reading.word(partitioned.direction());
        } else if (fault instanceof ChaosFault.Delayed delayed) {
            return kind + " " + Reading.word(delayed.direction());
        } else if (fault instanceof ChaosFault.HealthLied lied) {
            return kind + " " + Reading.word(lied.lie());
        }
        return kind;
    }

    /** Returns a fault as one line for people. */
    public static String describe(ChaosFault fault) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = YAML.createGenerator(text)) {
            generator.writeStartObject();
            new ScenarioWriter(generator).fault(fault);
            generator.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString()
                .strip()
                .replace("kind: ", "")
                .replace("\"", "")
                .replace(": ", "=")
                .replace('\n', ' ');
    }
}
