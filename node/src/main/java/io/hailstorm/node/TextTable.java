package io.hailstorm.node;

import java.io.Console;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Columns for people: numbers to the right, words to the left, a bold heading on a terminal that allows it. */
final class TextTable {
    private static final String BOLD = "\u001b[1m";
    private static final String PLAIN = "\u001b[0m";

    private final List<String> heading;
    private final List<List<String>> rows = new ArrayList<>();

    TextTable(String... heading) {
        this.heading = List.of(heading);
    }

    void row(String... cells) {
        rows.add(List.of(cells));
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    void print(PrintWriter out) {
        int[] widths = new int[heading.size()];
        boolean[] numeric = new boolean[heading.size()];
        for (int column = 0; column < widths.length; column++) {
            int at = column;
            widths[column] = Math.max(
                    heading.get(column).length(),
                    rows.stream().mapToInt(row -> row.get(at).length()).max().orElse(0));
            numeric[column] = rows.stream().allMatch(row -> isNumeric(row.get(at)));
        }
        String line = line(heading, widths, numeric);
        out.println(mayDecorate() ? BOLD + line + PLAIN : line);
        rows.forEach(row -> out.println(line(row, widths, numeric)));
    }

    private static boolean isNumeric(String cell) {
        return cell.equals("-") || (!cell.isEmpty() && Character.isDigit(cell.charAt(0)) && cell.indexOf('T') < 0);
    }

    private static String line(List<String> cells, int[] widths, boolean[] numeric) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String padding = " ".repeat(widths[column] - cells.get(column).length());
            line.append(column == 0 ? "" : "  ");
            line.append(numeric[column] ? padding : "").append(cells.get(column));
            line.append(numeric[column] ? "" : padding);
        }
        return line.toString().stripTrailing();
    }

    @SuppressWarnings("SystemConsoleNull") // documented as nullable all the same
    private static boolean mayDecorate() {
        Console console = System.console();
        return console != null && console.isTerminal() && System.getenv("NO_COLOR") == null;
    }
}
