package dev.vivarium.pooltests.storm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a program found: facts, in the order in which they were learned, and criteria. */
public final class Report {

    private final String program;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final List<Check> checks = new ArrayList<>();

    public Report(String program) {
        this.program = program;
    }

    public void fact(String name, Object value) {
        facts.put(name, value);
    }

    public void check(Check check) {
        checks.add(check);
    }

    public void checks(List<Check> more) {
        checks.addAll(more);
    }

    public List<Check> checks() {
        return List.copyOf(checks);
    }

    public boolean held() {
        return checks.stream().allMatch(Check::held);
    }

    public String text() {
        StringBuilder text = new StringBuilder(program).append('\n');
        facts.forEach((name, value) -> {
            if (value instanceof Map<?, ?> table) {
                text.append("  ").append(name).append('\n');
                table.forEach((key, cell) -> text.append(String.format("    %-24s %s%n", key, cell)));
            } else {
                text.append(String.format("  %-26s %s%n", name, value));
            }
        });
        for (Check check : checks) {
            text.append(String.format(
                    "  %-6s %-24s %s (asked: %s)%n",
                    check.held() ? "ok" : "MISSED", check.name(), check.found(), check.limit()));
        }
        long missed = checks.stream().filter(check -> !check.held()).count();
        return text.append(missed == 0 ? "all criteria hold" : missed + " of " + checks.size() + " criteria missed")
                .append('\n')
                .toString();
    }

    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("program", program);
        all.put("held", held());
        all.put("facts", facts);
        all.put("checks", checks);
        try {
            return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(all) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
