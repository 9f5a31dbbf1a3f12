package dev.vivarium.chaos.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is wrong with a text, and where. */
final class Problems {

    private final String source;
    private final Map<String, Integer> lines = new HashMap<>();
    private final List<String> sentences = new ArrayList<>();

    Problems(String source) {
        this.source = source;
    }

    /** Returns the fields of a node, or none when it has none. */
    Reading fields(String path, YamlNode node) {
        at(path, node);
        if (node instanceof YamlNode.Fields fields) {
            return new Reading(this, path, fields.fields());
        }
        if (!(node instanceof YamlNode.Scalar scalar && scalar.text().isEmpty())) {
            add(path, "must have fields, NAME: VALUE");
        }
        return new Reading(this, path, Map.of());
    }

    /** Remembers the line of a path. */
    void at(String path, YamlNode node) {
        lines.putIfAbsent(path, node.line());
    }

    /** Notes a problem, with the line of the nearest part that is there. */
    void add(String path, String text) {
        String near = path;
        while (!lines.containsKey(near) && !near.isEmpty()) {
            near = near.substring(0, Math.max(0, Math.max(near.lastIndexOf('.'), near.lastIndexOf('['))));
        }
        sentences.add(source + ":" + lines.getOrDefault(near, 1) + ": " + (path.isEmpty() ? "" : path + " ") + text);
    }

    boolean isEmpty() {
        return sentences.isEmpty();
    }

    List<String> sentences() {
        return List.copyOf(sentences);
    }
}
