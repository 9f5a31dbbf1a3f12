package dev.vivarium.chaos.internal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A part of a YAML text that knows its line. */
sealed interface YamlNode {

    /** Returns the line that it begins in, from 1. */
    int line();

    /** A text, number or whatever else is written as one. */
    record Scalar(String text, int line) implements YamlNode {}

    /** Several. */
    record Items(List<YamlNode> items, int line) implements YamlNode {}

    /** Several with names. */
    record Fields(Map<String, YamlNode> fields, int line) implements YamlNode {}

    /** Returns the tree of a text; a text without content is an empty mapping. */
    static YamlNode parse(String text) throws IOException {
        try (JsonParser parser = new YAMLFactory().createParser(text)) {
            JsonToken first = parser.nextToken();
            return first == null ? new Fields(Map.of(), 1) : node(parser);
        }
    }

    private static YamlNode node(JsonParser parser) throws IOException {
        int line = parser.currentTokenLocation().getLineNr();
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_ARRAY) {
            List<YamlNode> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(node(parser));
            }
            return new Items(items, line);
        }
        if (token == JsonToken.START_OBJECT) {
            Map<String, YamlNode> fields = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                fields.put(name, node(parser));
            }
            return new Fields(fields, line);
        }
        return new Scalar(token == JsonToken.VALUE_NULL ? "" : parser.getText(), line);
    }
}
