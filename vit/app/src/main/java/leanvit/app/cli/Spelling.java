package leanvit.app.cli;

import java.util.Collection;

/** Guesses which of the names that there are a user meant. */
final class Spelling {

    private static final int MOST_SLIPS = 2;

    private Spelling() {
    }

    /** Returns {@code ", did you mean X?"}, or nothing where no name is near. */
    static String hint(String written, Collection<String> names) {
        String nearest = "";
        int least = Integer.MAX_VALUE;
        for (String name : names) {
            int slips = written.startsWith(name) || name.startsWith(written) && written.length() > MOST_SLIPS + 1 ? 1
                    : distance(written, name);
            if (slips < least && slips <= MOST_SLIPS && slips < name.length() / 2) {
                least = slips;
                nearest = name;
            }
        }
        return nearest.isEmpty() ? "" : ", did you mean " + nearest + "?";
    }

    /** Returns the letters to insert, leave out or replace between two words (Levenshtein 1965). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
