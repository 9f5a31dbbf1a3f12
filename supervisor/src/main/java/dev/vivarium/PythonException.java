package dev.vivarium;

import dev.vivarium.protocol.Execution;
import dev.vivarium.protocol.message.ErrorBody;
import dev.vivarium.protocol.message.StackEntry;
import java.util.ArrayList;
import java.util.List;

/**
 * The handler raised. Says nothing against the worker, which goes on serving.
 *
 * <p>The Java stack trace holds the Python frames, innermost first, followed by nothing of Java's.
 */
public final class PythonException extends PoolException {

    private static final long serialVersionUID = 1L;

    private final transient ErrorBody error;

    /**
     * Creates the error.
     *
     * @param error what the worker reported
     */
    public PythonException(ErrorBody error) {
        super(ErrorCategory.PYTHON, Execution.RAN, error.type() + ": " + error.message(), null);
        this.error = error;
        List<StackTraceElement> frames = new ArrayList<>();
        for (int i = error.traceback().size() - 1; i >= 0; i--) {
            StackEntry entry = error.traceback().get(i);
            frames.add(new StackTraceElement("python", entry.function(), entry.file(), entry.line()));
        }
        setStackTrace(frames.toArray(StackTraceElement[]::new));
    }

    /** Returns the exception's qualified type name in Python, such as {@code ValueError} or {@code json.JSONDecodeError}. */
    public String pythonType() {
        return error.type();
    }

    /** Returns the exception's text, without its type. */
    public String pythonMessage() {
        return error.message();
    }

    /** Returns everything that the worker reported: traceback, notes, chain of causes. */
    public ErrorBody details() {
        return error;
    }

    /** Returns the traceback as Python prints it, most recent call last, without the chain of causes. */
    public String pythonTraceback() {
        StringBuilder text = new StringBuilder("Traceback (most recent call last):\n");
        for (StackEntry entry : error.traceback()) {
            text.append("  File \"").append(entry.file()).append("\", line ").append(entry.line());
            text.append(", in ").append(entry.function()).append('\n');
            if (!entry.code().isBlank()) {
                text.append("    ").append(entry.code().strip()).append('\n');
            }
        }
        text.append(error.type()).append(": ").append(error.message());
        for (String note : error.notes()) {
            text.append('\n').append(note);
        }
        return text.toString();
    }
}
