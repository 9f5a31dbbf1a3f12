package dev.vivarium.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.vivarium.ArgumentsNotEncodable;
import dev.vivarium.CallRejected;
import dev.vivarium.PoolException;
import dev.vivarium.PythonException;
import dev.vivarium.protocol.RawJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Writes outcomes as lines of JSON. */
final class OutputLine {

    private static final JsonFactory FACTORY = new JsonFactory();
    private static final byte[] RESULT = "{\"result\": ".getBytes(StandardCharsets.US_ASCII);

    private OutputLine() {}

    /** Returns a result as it came from Python. */
    static byte[] ofResult(RawJson result) {
        byte[] line = new byte[RESULT.length + result.utf8().length + 2];
        System.arraycopy(RESULT, 0, line, 0, RESULT.length);
        System.arraycopy(result.utf8(), 0, line, RESULT.length, result.utf8().length);
        line[line.length - 2] = '}';
        line[line.length - 1] = '\n';
        return line;
    }

    /**
     * Returns a call's error; with the input's line where it is the input that cannot be sent, or that the worker refuses.
     */
    static byte[] ofError(PoolException error, long line) {
        return write(json -> {
            boolean python = error instanceof PythonException;
            boolean refused = error instanceof CallRejected || error instanceof ArgumentsNotEncodable;
            json.writeStringField(
                    "type",
                    python
                            ? ((PythonException) error).pythonType()
                            : error.getClass().getSimpleName());
            json.writeStringField("category", error.category().name());
            json.writeStringField("execution", error.execution().name());
            json.writeStringField(
                    "message",
                    python
                            ? ((PythonException) error).pythonMessage()
                            : (refused ? "line " + line + ": " : "") + error.getMessage());
            json.writeStringField("traceback", python ? ((PythonException) error).pythonTraceback() : null);
            if (refused) {
                json.writeNumberField("line", line);
            }
        });
    }

    /** Returns the error of a line that could not be made into a call. */
    static byte[] ofMalformed(InputRecord.Malformed malformed) {
        return write(json -> {
            json.writeStringField("type", "MalformedInput");
            json.writeStringField("category", "COMMUNICATION");
            json.writeStringField("execution", "NOT_STARTED");
            json.writeStringField("message", "line " + malformed.line() + ": " + malformed.reason());
            json.writeNullField("traceback");
            json.writeNumberField("line", malformed.line());
        });
    }

    private interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    private static byte[] write(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeObjectFieldStart("error");
            fields.write(json);
            json.writeEndObject();
            json.writeEndObject();
            json.writeRaw('\n');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
