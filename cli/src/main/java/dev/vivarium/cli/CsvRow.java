package dev.vivarium.cli;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts lines into the fields of one row (RFC 4180). A quote opens a quoted field only where the field begins; elsewhere in a
 * field that is not quoted it is data. Works on bytes: no byte of a longer UTF-8 sequence looks like a quote or a comma.
 * Not thread-safe.
 */
final class CsvRow {

    private enum Place {
        FIELD_START,
        PLAIN,
        QUOTED,
        AFTER_QUOTE
    }

    private final long line;
    private final List<byte[]> fields = new ArrayList<>();
    private final ByteArrayOutputStream field = new ByteArrayOutputStream();
    private Place place = Place.FIELD_START;
    private long openedOn;

    CsvRow(long line) {
        this.line = line;
    }

    /** Takes the next line; false when something other than a comma or the line's end follows a closing quote. */
    boolean add(LineReader.Line next) {
        for (byte b : next.bytes()) {
            if (!add(b, next.number())) {
                return false;
            }
        }
        if (place != Place.QUOTED) {
            endField();
            return true;
        }
        if (next.carriageReturn()) {
            field.write('\r'); // Within quotes a line's end is data, and stays as it is.
        }
        field.write('\n');
        return true;
    }

    private boolean add(byte b, long number) {
        switch (place) {
            case FIELD_START, PLAIN -> {
                if (b == '"' && place == Place.FIELD_START) {
                    place = Place.QUOTED;
                    openedOn = number;
                } else if (b == ',') {
                    endField();
                } else {
                    place = Place.PLAIN;
                    field.write(b);
                }
            }
            case QUOTED -> {
                if (b == '"') {
                    place = Place.AFTER_QUOTE;
                } else {
                    field.write(b);
                }
            }
            case AFTER_QUOTE -> {
                if (b == '"') {
                    place = Place.QUOTED;
                    field.write(b);
                } else if (b == ',') {
                    endField();
                } else {
                    return false;
                }
            }
        }
        return true;
    }

    private void endField() {
        fields.add(field.toByteArray());
        field.reset();
        place = Place.FIELD_START;
    }

    /** Returns whether the row goes on in the next line, because a quoted field is open. */
    boolean isOpen() {
        return place == Place.QUOTED;
    }

    /** Returns the line on which the last quoted field opened. */
    long openedOn() {
        return openedOn;
    }

    /** Returns the line on which the row began. */
    long line() {
        return line;
    }

    /** Returns the fields of a row that is not open. */
    List<byte[]> fields() {
        return fields;
    }
}
