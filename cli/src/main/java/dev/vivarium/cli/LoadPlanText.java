package dev.vivarium.cli;

import dev.vivarium.bench.load.LoadPlan;
import dev.vivarium.bench.load.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.TypeConversionException;

/** Reads load plans such as {@code ramp:0:200:10s,constant:200:30s}, and mixes such as {@code echo=9,burn=1}. */
final class LoadPlanText {

    static final String FORMS = "constant:RATE:LENGTH, ramp:FROM:TO:LENGTH, steps:FROM:TO:COUNT:LENGTH or "
            + "spike:BASE:PEAK:AROUND:WIDTH, several with commas between them; rates are calls a second";

    private LoadPlanText() {}

    /** Returns the plan of both. */
    static LoadPlan read(String plan, String mix) {
        LoadPlan all = null;
        for (String part : plan.split(",", -1)) {
            LoadPlan next = part(part);
            all = all == null ? next : all.then(next);
        }
        if (all == null) {
            throw new IllegalArgumentException("plan must be " + FORMS);
        }
        return all.mix(mix(mix).toArray(Operation[]::new));
    }

    private static LoadPlan part(String part) {
        String[] words = part.split(":", -1);
        String form = words[0] + "/" + (words.length - 1);
        return switch (form) {
            case "constant/2" -> LoadPlan.constant(rate(words[1]), length(words[2]));
            case "ramp/3" -> LoadPlan.ramp(rate(words[1]), rate(words[2]), length(words[3]));
            case "steps/4" ->
                LoadPlan.steps(rate(words[1]), rate(words[2]), whole("COUNT", words[3]), length(words[4]));
            case "spike/4" -> LoadPlan.spike(rate(words[1]), rate(words[2]), length(words[3]), length(words[4]));
            default -> throw new IllegalArgumentException("plan must be " + FORMS + "; got '" + part + "'");
        };
    }

    private static List<Operation> mix(String mix) {
        List<Operation> operations = new ArrayList<>();
        for (String part : mix.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("mix must be NAME=WEIGHT, several with commas; got '" + part + "'");
            }
            operations.add(new Operation(part.substring(0, equals), whole("WEIGHT", part.substring(equals + 1))));
        }
        return operations;
    }

    private static double rate(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a rate must be a number, got '" + text + "'", e);
        }
    }

    private static int whole(String what, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(what + " must be a whole number, got '" + text + "'", e);
        }
    }

    private static Duration length(String text) {
        try {
            return new Durations().convert(text);
        } catch (TypeConversionException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }
}
