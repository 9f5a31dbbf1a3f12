package dev.vivarium.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns lines of input into calls, by format. A line that cannot be one is a record of its own; the rest goes on. */
abstract class Inputs implements AutoCloseable {

    /** The longest line, in bytes: what the largest call can carry. */
    static final int MAX_LINE_BYTES = 16 << 20;

    /** How the input is written. */
    enum Format {
        /** One JSON object a line: keyword arguments. */
        jsonl,
        /** A header and rows (RFC 4180): keyword arguments, all strings. */
        csv,
        /** Each line is the one positional argument. */
        lines
    }

    final LineReader lines;
    final PythonCall<RawJson> template;

    private Inputs(LineReader lines, PythonCall<RawJson> template) {
        this.lines = lines;
        this.template = template;
    }

    /** Returns a reader of {@code format}; each call is {@code template} with the line's arguments. */
    static Inputs of(Format format, LineReader lines, PythonCall<RawJson> template) {
        return switch (format) {
            case jsonl -> new JsonLines(lines, template);
            case csv -> new Csv(lines, template);
            case lines -> new PlainLines(lines, template);
        };
    }

    /** Returns the next record, or null at the end. */
    abstract @Nullable InputRecord next() throws IOException;

    @Override
    public void close() throws IOException {
        lines.close();
    }

    private static InputRecord.Malformed tooLong(LineReader.Line line) {
        return new InputRecord.Malformed(line.number(), "it is longer than " + MAX_LINE_BYTES + " bytes");
    }

    private static String decode(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }

    private static final class PlainLines extends Inputs {
        PlainLines(LineReader lines, PythonCall<RawJson> template) {
            super(lines, template);
        }

        @Override
        @Nullable
        InputRecord next() throws IOException {
            LineReader.Line line = lines.next();
            if (line == null) {
                return null;
            }
            if (line.tooLong()) {
                return tooLong(line);
            }
            try {
                return new InputRecord.Call(line.number(), template.args(decode(line.bytes())));
            } catch (CharacterCodingException e) {
                return new InputRecord.Malformed(line.number(), "it is not valid UTF-8");
            }
        }
    }

    private static final class JsonLines extends Inputs {
        private final JsonFactory factory = JsonFactory.builder()
                .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(MAX_LINE_BYTES)
                        .maxNumberLength(MAX_LINE_BYTES)
                        .build())
                .build();

        JsonLines(LineReader lines, PythonCall<RawJson> template) {
            super(lines, template);
        }

        @Override
        @Nullable
        InputRecord next() throws IOException {
            LineReader.Line line = lines.next();
            if (line == null) {
                return null;
            }
            if (line.tooLong()) {
                return tooLong(line);
            }
            String problem = problem(line.bytes());
            return problem == null
                    ? new InputRecord.Call(line.number(), template.keywordsJson(RawJson.of(line.bytes())))
                    : new InputRecord.Malformed(line.number(), problem);
        }

        private @Nullable String problem(byte[] bytes) throws IOException {
            try {
                decode(bytes);
            } catch (CharacterCodingException e) {
                return "it is not valid UTF-8";
            }
            try (JsonParser parser = factory.createParser(bytes)) {
                JsonToken first = parser.nextToken();
                if (first == null) {
                    return "it is empty; a JSON object is needed";
                }
                if (first != JsonToken.START_OBJECT) {
                    return "it is not a JSON object";
                }
                parser.skipChildren();
                return parser.nextToken() == null ? null : "something follows the JSON object";
            } catch (JsonProcessingException e) {
                return "it is not JSON: " + e.getOriginalMessage();
            }
        }
    }

    private static final class Csv extends Inputs {
        private @Nullable List<String> header;

        Csv(LineReader lines, PythonCall<RawJson> template) {
            super(lines, template);
        }

        @Override
        @Nullable
        InputRecord next() throws IOException {
            if (header == null) {
                InputRecord.Malformed problem = readHeader();
                if (problem != null || header == null) {
                    return problem;
                }
            }
            Row row = readRow();
            if (row == null) {
                return null;
            }
            if (row.problem() != null) {
                return new InputRecord.Malformed(row.line(), row.problem());
            }
            if (row.fields().size() != header.size()) {
                return new InputRecord.Malformed(
                        row.line(), "it has " + row.fields().size() + " fields, the header has " + header.size());
            }
            PythonCall<RawJson> call = template;
            for (int i = 0; i < header.size(); i++) {
                call = call.keyword(header.get(i), row.fields().get(i));
            }
            return new InputRecord.Call(row.line(), call);
        }

        private InputRecord.@Nullable Malformed readHeader() throws IOException {
            Row row = readRow();
            if (row == null) {
                return null;
            }
            if (row.problem() != null) {
                header = List.of();
                return new InputRecord.Malformed(row.line(), "the header: " + row.problem());
            }
            header = row.fields();
            return new HashSet<>(header).size() == header.size()
                    ? null
                    : new InputRecord.Malformed(row.line(), "the header names a column twice: " + header);
        }

        private record Row(
                long line, List<String> fields, @Nullable String problem) {}

        private @Nullable Row readRow() throws IOException {
            LineReader.Line line = lines.next();
            if (line == null) {
                return null;
            }
            CsvRow row = new CsvRow(line.number());
            long size = 0;
            while (true) {
                size += line.bytes().length;
                if (line.tooLong() || size > MAX_LINE_BYTES) {
                    return new Row(
                            row.line(),
                            List.of(),
                            "it is longer than " + MAX_LINE_BYTES + " bytes"
                                    + (row.isOpen() ? "; a quote opens on line " + row.openedOn() : ""));
                }
                if (!row.add(line)) {
                    return new Row(
                            line.number(),
                            List.of(),
                            "something follows a closing quote; a quote in a quoted field is written twice");
                }
                if (!row.isOpen()) {
                    break;
                }
                size++;
                line = lines.next();
                if (line == null) {
                    return new Row(row.openedOn(), List.of(), "a quote that opens here is not closed");
                }
            }
            List<String> fields = new ArrayList<>();
            try {
                for (byte[] field : row.fields()) {
                    fields.add(decode(field));
                }
                return new Row(row.line(), fields, null);
            } catch (CharacterCodingException e) {
                return new Row(row.line(), List.of(), "it is not valid UTF-8");
            }
        }
    }
}
