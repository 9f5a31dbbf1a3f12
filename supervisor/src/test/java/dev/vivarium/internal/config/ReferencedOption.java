package dev.vivarium.internal.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code reference.conf} says about an option, in the comment before it.
 *
 * @param key its key, with its group
 * @param value its default in HOCON; of an option whose default depends on the machine, an example
 * @param computed what the default is when it depends on the machine, else empty
 * @param unit what is counted, or empty
 * @param range what is accepted, or empty
 * @param reader the class that reads it
 * @param accessor the method that it reads it with
 * @param what what it is
 */
record ReferencedOption(
        String key,
        String value,
        String computed,
        String unit,
        String range,
        String reader,
        String accessor,
        String what) {

    private static final Pattern LINE = Pattern.compile("\\s*(# )?([a-z-]+) = (.*)");
    private static final Pattern HYPHEN = Pattern.compile("-(.)");
    private static final Pattern GROUP = Pattern.compile("    ([a-z-]+) \\{");

    /** Reads the block of the pool. */
    static List<ReferencedOption> all() throws IOException {
        String text;
        try (InputStream in = Objects.requireNonNull(ConfigBlock.class.getResourceAsStream("/reference.conf"))) {
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        List<ReferencedOption> options = new ArrayList<>();
        String group = "";
        String what = "";
        String facts = "";
        for (String line : text.substring(text.indexOf("\n  pool {")).lines().toList()) {
            Matcher begins = GROUP.matcher(line);
            Matcher option = LINE.matcher(line);
            String bare = line.strip();
            if (begins.matches()) {
                group = begins.group(1) + ".";
            } else if (line.equals("    }")) {
                group = "";
            } else if (bare.startsWith("#   ")) {
                facts = bare.substring(4);
            } else if (option.matches()) {
                options.add(of(group + option.group(2), option.group(3), what, facts));
                facts = "";
            } else if (bare.startsWith("# ")) {
                what = bare.substring(2);
            }
        }
        return options;
    }

    private static ReferencedOption of(String key, String value, String what, String facts) {
        String[] reader = fact(facts, "read by").split("\\.", -1);
        if (reader.length != 2) {
            throw new IllegalArgumentException("reference.conf does not say who reads " + key + ": '" + facts + "'");
        }
        return new ReferencedOption(
                key,
                value,
                fact(facts, "default"),
                fact(facts, "unit"),
                fact(facts, "range"),
                reader[0],
                reader[1],
                what);
    }

    private static String fact(String facts, String name) {
        for (String fact : facts.split("; ", -1)) {
            if (fact.startsWith(name + ": ")) {
                return fact.substring(name.length() + 2);
            }
        }
        return "";
    }

    /** Returns the method of the builder. */
    String method() {
        return camelCase(key.replaceFirst("\\..*", ""));
    }

    /** Returns the method of the policy that the builder's method changes; empty for an option without a group. */
    String part() {
        return key.contains(".") ? camelCase(key.replaceFirst(".*\\.", "")) : "";
    }

    private static String camelCase(String kebab) {
        return HYPHEN.matcher(kebab).replaceAll(match -> match.group(1).toUpperCase(java.util.Locale.ROOT));
    }

    /** Returns the row of the table. */
    String row() {
        String java = part().isEmpty() ? method() + "(…)" : method() + "(… ." + part() + "(…))";
        return "| `" + key + "` | `" + java + "` | " + unit + " | "
                + (computed.isEmpty() ? "`" + value + "`" : computed) + " | " + range + " | `" + reader + "` | " + what
                + " |";
    }
}
