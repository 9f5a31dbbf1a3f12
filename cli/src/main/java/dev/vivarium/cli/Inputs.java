package dev.vivarium.cli;

import dev.vivarium.PythonCall;
import dev.vivarium.protocol.RawJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

    /**
     * Reads what comes before the records, once, and before {@link #next}. Returns why the input cannot be used at all, or
     * null.
     */
    InputRecord.@Nullable Malformed begin() throws IOException {
        return null;
    }

    /** Returns the next record, or null at the end. */
    abstract @Nullable InputRecord next() throws IOException;

    @Override
    public void close() throws IOException {
        lines.close();
    }

    /** Returns these inputs, grouped into sessions by a field. */
    Inputs bySession(SessionField field) {
        return new BySession(this, field);
    }

    private static final class BySession extends Inputs {
        private final Inputs inputs;
        private final SessionField field;

        BySession(Inputs inputs, SessionField field) {
            super(inputs.lines, inputs.template);
            this.inputs = inputs;
            this.field = field;
        }

        @Override
        InputRecord.@Nullable Malformed begin() throws IOException {
            return inputs.begin();
        }

        @Override
        @Nullable
        InputRecord next() throws IOException {
            InputRecord record = inputs.next();
            return record == null ? null : field.apply(record);
        }
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

        private static @Nullable String problem(byte[] bytes) throws IOException {
            try {
                return JsonLine.problem(decode(bytes));
            } catch (CharacterCodingException e) {
                return "it is not valid UTF-8";
            }
        }
    }

    private static final class Csv extends Inputs {
        private @Nullable List<String> header;

        Csv(LineReader lines, PythonCall<RawJson> template) {
            super(lines, template);
        }

        @Override
        InputRecord.@Nullable Malformed begin() throws IOException {
            Row row = readRow();
            if (row == null) {
                return null;
            }
            if (row.problem() != null) {
                return new InputRecord.Malformed(row.line(), "the header: " + row.problem());
            }
            Set<String> names = new HashSet<>();
            for (String name : row.fields()) {
                if (!names.add(name)) {
                    return new InputRecord.Malformed(row.line(), "the header names the column '" + name + "' twice");
                }
            }
            header = row.fields();
            return null;
        }

        @Override
        @Nullable
        InputRecord next() throws IOException {
            List<String> names = header;
            Row row = names == null ? null : readRow();
            if (names == null || row == null) {
                return null;
            }
            if (row.problem() != null) {
                return new InputRecord.Malformed(row.line(), row.problem());
            }
            if (row.fields().size() != names.size()) {
                return new InputRecord.Malformed(
                        row.line(), "it has " + row.fields().size() + " fields, the header has " + names.size());
            }
            Map<String, @Nullable Object> keywords = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++) {
                keywords.put(names.get(i), row.fields().get(i));
            }
            return new InputRecord.Call(row.line(), template.keywords(keywords));
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
                size += line.carriageReturn() ? 2 : 1;
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
