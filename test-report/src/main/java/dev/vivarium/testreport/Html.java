package dev.vivarium.testreport;

import java.util.List;
import java.util.Locale;

/** A page that needs nothing but itself, while it is written. */
final class Html {

    private static final String STYLE =
            "body{font:15px/1.45 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;"
                    + "color:#222;background:#fff}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}"
                    + "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
                    + "th{border-bottom:1px solid #bbb}.n{text-align:right;font-variant-numeric:tabular-nums}"
                    + ".bad{color:#a40000}.good{color:#1b6e20}.dim{color:#666}code{font-size:.92em}svg{color:#24527a}"
                    + "a{color:#24527a}.scroll{overflow-x:auto}"
                    + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.bad{color:#ff8a80}"
                    + ".good{color:#81c784}.dim{color:#999}svg,a{color:#90caf9}}";

    private final StringBuilder text = new StringBuilder();

    Html(String title) {
        text.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
                .append(escaped(title))
                .append("</title><meta name=\"viewport\" content=\"width=device-width\"><style>")
                .append(STYLE)
                .append("</style></head><body>\n");
    }

    /** Adds what is HTML already. */
    Html add(String html) {
        text.append(html);
        return this;
    }

    void heading(String heading) {
        add("<h2>" + escaped(heading) + "</h2>\n");
    }

    void warning(String what) {
        add("<p class=\"bad\">" + escaped(what) + "</p>\n");
    }

    /** Says which limits do not hold, if any. */
    void limits(List<String> broken) {
        if (!broken.isEmpty()) {
            heading("Limits that do not hold");
            add("<ul class=\"bad\">");
            broken.forEach(limit -> add("<li>" + escaped(limit) + "</li>"));
            add("</ul>\n");
        }
    }

    /** Begins a table; a column of numbers has a hash before its name. */
    void table(String... columns) {
        text.append("<div class=\"scroll\"><table><tr>");
        for (String column : columns) {
            text.append(column.startsWith("#") ? "<th class=\"n\">" : "<th>")
                    .append(escaped(column.startsWith("#") ? column.substring(1) : column))
                    .append("</th>");
        }
        text.append("</tr>\n");
    }

    /** Adds a row; its cells are HTML already. */
    void row(String... cells) {
        text.append("<tr>");
        for (String cell : cells) {
            text.append(cell.matches("-?[\\d.]+") ? "<td class=\"n\">" : "<td>")
                    .append(cell)
                    .append("</td>");
        }
        text.append("</tr>\n");
    }

    void endTable() {
        text.append("</table></div>\n");
    }

    /** Returns the page. */
    String end() {
        return text.append("</body></html>\n").toString();
    }

    static String number(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.2f", value);
    }

    static String code(String text) {
        return text.isEmpty() ? "" : "<code>" + escaped(text) + "</code>";
    }

    /** What tests are called and fail with is theirs, and may be anything. */
    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
