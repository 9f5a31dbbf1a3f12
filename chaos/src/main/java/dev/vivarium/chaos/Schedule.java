package dev.vivarium.chaos;

import dev.vivarium.bench.load.LoadPlanText;
import dev.vivarium.chaos.internal.ScenarioWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a scenario's method comes to with a seed: every fault with its moment, the order in which workers are chosen, and whatever
 * else is drawn. Equal scenarios and seeds have equal schedules. What the seed does not fix is how the machine interleaves them with
 * the calls, and which workers are busy.
 *
 * @param seed what it was drawn from
 * @param faults in the order of their moments
 */
public record Schedule(long seed, List<Planned> faults) {

    /** How many faults a schedule may have. */
    public static final int MAX_FAULTS = 1000;

    /**
     * A fault with its moment.
     *
     * @param number from 1, in the order of the method
     * @param at when, from the beginning of the method
     * @param fault what
     * @param targets whom
     * @param order all workers' slots, in the order in which they are chosen
     * @param offsets for each target how much later
     * @param points for each target where in a call, for signals; {@link KillPoint#ANY} does not occur
     * @param ttl how long each lasts at most
     * @param times how often each may land
     * @param seed of what is drawn on the way, such as which frames
     * @param when what must have happened before, or it is left out; empty for nothing
     */
    public record Planned(
            int number,
            Duration at,
            ChaosFault fault,
            Targets targets,
            List<Integer> order,
            List<Duration> offsets,
            List<KillPoint> points,
            Duration ttl,
            int times,
            long seed,
            String when) {

        /** Copies the lists. */
        public Planned {
            order = List.copyOf(order);
            offsets = List.copyOf(offsets);
            points = List.copyOf(points);
        }

        /** Returns how long it lasts at most in one of the targets, counted from 0. */
        public Duration ttlOf(int target) {
            if (fault instanceof ChaosFault.Swizzled) {
                return Duration.ofMillis(1 + new SplittableRandom(seed + target).nextLong(ttl.toMillis()));
            }
            return ttl;
        }

        /** Returns when the last target's is healed at the latest. */
        public Duration healed() {
            Duration last = offsets.stream().max(Comparator.naturalOrder()).orElse(Duration.ZERO);
            return at.plus(last).plus(ttl);
        }

        /** Returns it as a line. */
        @Override
        public String toString() {
            String text = "+" + time(at) + " #" + number + " " + ScenarioWriter.describe(fault)
                    + (when.isEmpty() ? "" : " when " + when);
            if (fault instanceof ChaosFault.OfPool) {
                return text + "; ttl " + time(ttl);
            }
            String later = offsets.stream().allMatch(Duration::isZero)
                    ? ""
                    : offsets.stream().map(Planned::time).collect(Collectors.joining(" ", " after ", ""));
            return text + "; targets " + targets + " of " + order + later
                    + (points.isEmpty() ? "" : " at " + pointWords()) + ", ttl " + ttls()
                    + (times > 1 ? ", " + times + " times each" : "");
        }

        private List<String> pointWords() {
            return points.stream()
                    .map(point -> point.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                    .toList();
        }

        private String ttls() {
            return fault instanceof ChaosFault.Swizzled
                    ? IntStream.range(0, offsets.size())
                            .mapToObj(target -> time(ttlOf(target)))
                            .collect(Collectors.joining(" "))
                    : time(ttl);
        }

        private static String time(Duration time) {
            return LoadPlanText.text(time);
        }
    }

    /** Copies the list. */
    public Schedule {
        faults = List.copyOf(faults);
    }

    /**
     * Draws a scenario's schedule.
     *
     * @throws InvalidScenario when it would have more than {@value #MAX_FAULTS} faults
     */
    public static Schedule of(Scenario scenario, long seed) {
        Drawing drawing = new Drawing(scenario, new RandomStreams(seed));
        for (Step step : scenario.method()) {
            drawing.add(step, Duration.ZERO);
        }
        drawing.planned.sort(Comparator.comparing(Planned::at).thenComparing(Planned::number));
        return new Schedule(seed, drawing.planned);
    }

    /** Returns how long the method takes until everything is healed. */
    public Duration length() {
        return faults.stream()
                .map(Planned::healed)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** Returns a line for each fault. */
    public String text() {
        return faults.stream().map(Planned::toString).collect(Collectors.joining("\n"));
    }

    /** Draws, step by step. */
    private static final class Drawing {
        private final Scenario scenario;
        private final RandomStreams streams;
        private final SplittableRandom moments;
        private final SplittableRandom swarm;
        private final List<Planned> planned = new ArrayList<>();
        private String when = "";

        Drawing(Scenario scenario, RandomStreams streams) {
            this.scenario = scenario;
            this.streams = streams;
            moments = streams.stream("moments");
            swarm = streams.stream("swarm");
        }

        /** Adds what a step comes to, and returns when it is over. */
        Duration add(Step step, Duration begin) {
            Duration at = begin.plus(step.after());
            if (step instanceof Step.Inject inject) {
                return inject(inject, at);
            }
            Duration end = at;
            if (step instanceof Step.Sequence sequence) {
                for (Step each : sequence.steps()) {
                    end = add(each, end);
                }
            } else if (step instanceof Step.Parallel parallel) {
                for (Step each : parallel.steps()) {
                    end = later(end, add(each, at));
                }
            } else if (step instanceof Step.Staged staged) {
                for (int i = 0; i < staged.times(); i++) {
                    end = later(end, add(staged.step(), at.plus(staged.every().multipliedBy(i))));
                }
            } else if (step instanceof Step.Mix mix) {
                end = mix(mix, at);
            } else if (step instanceof Step.When condition) {
                when = condition.event(); // There is none around it.
                end = add(condition.step(), at);
                when = "";
            }
            return end;
        }

        private static Duration later(Duration one, Duration other) {
            return one.compareTo(other) > 0 ? one : other;
        }

        private Duration mix(Step.Mix mix, Duration at) {
            List<Step.Choice> choices = mix.swarm() ? swarm(mix.choices()) : mix.choices();
            int weights = choices.stream().mapToInt(Step.Choice::weight).sum();
            Duration end = at.plus(mix.length());
            Duration last = end;
            Duration next = at.plus(wait(mix));
            while (next.compareTo(end) < 0) {
                int drawn = moments.nextInt(weights);
                int choice = 0;
                while (drawn >= choices.get(choice).weight()) {
                    drawn -= choices.get(choice).weight();
                    choice++;
                }
                last = later(last, add(choices.get(choice).step(), next));
                next = next.plus(wait(mix));
            }
            return last;
        }

        /** Leaves a half of the choices out, one by one, and gives the rest weights that are far from each other. */
        private List<Step.Choice> swarm(List<Step.Choice> choices) {
            List<Step.Choice> kept = new ArrayList<>();
            for (Step.Choice choice : choices) {
                boolean keep = swarm.nextBoolean();
                int weight = 1 << swarm.nextInt(6);
                if (keep) {
                    kept.add(new Step.Choice(weight, choice.step()));
                }
            }
            return kept.isEmpty() ? List.of(choices.get(swarm.nextInt(choices.size()))) : kept;
        }

        private Duration wait(Step.Mix mix) {
            double millis = -Math.log(1 - moments.nextDouble()) * mix.every().toMillis();
            return Duration.ofMillis(Math.max(1, Math.round(millis)));
        }

        private Duration inject(Step.Inject inject, Duration at) {
            int number = planned.size() + 1;
            if (number > MAX_FAULTS) {
                throw new InvalidScenario(
                        "scenario " + scenario.name(),
                        List.of("method comes to more than " + MAX_FAULTS + " faults with this seed"));
            }
            int count = inject.targets().count(scenario.workers());
            Planned fault = new Planned(
                    number,
                    at,
                    inject.fault(),
                    inject.targets(),
                    shuffled(streams.stream("targets/" + number)),
                    offsets(count, inject.within(), streams.stream("offsets/" + number)),
                    points(count, inject.fault(), streams.stream("kill-points/" + number)),
                    inject.ttl(),
                    inject.times(),
                    streams.seedOf("on-the-way/" + number),
                    when);
            planned.add(fault);
            return fault.healed();
        }

        private List<Integer> shuffled(SplittableRandom random) {
            List<Integer> order = new ArrayList<>(
                    IntStream.rangeClosed(1, scenario.workers()).boxed().toList());
            for (int i = order.size() - 1; i > 0; i--) {
                order.set(i, order.set(random.nextInt(i + 1), order.get(i)));
            }
            return order;
        }

        private static List<Duration> offsets(int count, Duration within, SplittableRandom random) {
            List<Duration> offsets = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long millis = within.isZero() ? 0 : random.nextLong(within.toMillis() + 1);
                offsets.add(Duration.ofMillis(millis));
            }
            return offsets;
        }

        private static List<KillPoint> points(int count, ChaosFault fault, SplittableRandom random) {
            List<KillPoint> points = new ArrayList<>();
            if (fault instanceof ChaosFault.Signalled signalled) {
                KillPoint[] all = KillPoint.values();
                for (int i = 0; i < count; i++) {
                    KillPoint drawn = all[1 + random.nextInt(all.length - 1)];
                    points.add(signalled.at() == KillPoint.ANY ? drawn : signalled.at());
                }
            }
            return points;
        }
    }
}
