package leanvit.app.eval;

import java.util.ArrayList;
import java.util.List;

/** A table as text, for a terminal or for Markdown. The first column stands left, the others right. */
final class TextTable {

    private final List<List<String>> rows = new ArrayList<>();

    TextTable(List<String> header) {
        rows.add(List.copyOf(header));
    }

    void add(List<String> row) {
        if (row.size() != rows.get(0).size()) {
            throw new IllegalArgumentException(row.size() + " cells, expected " + rows.get(0).size());
        }
        rows.add(List.copyOf(row));
    }

    /** Returns aligned columns with two blanks between them, lines that end with a line feed. */
    String text() {
        int[] widths = widths();
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                line.append(column == 0 ? "" : "  ").append(cell(row.get(column), widths[column], column));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** Returns a table as GitHub renders it, lines that end with a line feed. */
    String markdown() {
        int[] widths = widths();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            for (int column = 0; column < widths.length; column++) {
                text.append("| ").append(cell(rows.get(i).get(column).replace("|", "\\|"), widths[column], column))
                        .append(' ');
            }
            text.append("|\n");
            for (int column = 0; i == 0 && column < widths.length; column++) {
                text.append(column == 0 ? "|:" : "|-").append("-".repeat(widths[column]))
                        .append(column == 0 ? "-" : ":");
            }
            text.append(i == 0 ? "|\n" : "");
        }
        return text.toString();
    }

    private int[] widths() {
        int[] widths = new int[rows.get(0).size()];
        for (List<String> row : rows) {
            for (int column = 0; column < widths.length; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        return widths;
    }

    private static String cell(String text, int width, int column) {
        String room = " ".repeat(Math.max(0, width - text.length()));
        return column == 0 ? text + room : room + text;
    }
}
