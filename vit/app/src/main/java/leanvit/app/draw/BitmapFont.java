package leanvit.app.draw;

import java.text.Normalizer;

/**
 * A font of 5 x 9 dots, which needs no font of the machine. Its stairs are smoothed when it is scaled up.
 *
 * <p>Letters have different widths, digits the same one. Letters with accents lose them; what else the font lacks is
 * shown as a box.
 */
final class BitmapFont {

    /** Rows of a glyph, 7 above the baseline and 2 below. */
    static final int HEIGHT = 9;
    /** Rows of a capital letter. */
    static final int CAPITAL = 7;
    /** Rows from one line of text to the next. */
    static final int LINE = 12;

    private static final int WIDTH = 5;
    private static final int SPACE = 3;
    /** How much finer than a dot the smoothed letters are. */
    private static final int SMOOTH = 4;

    /**
     * The characters in the order of {@link #ART}: ASCII, times, middle dot, arrow, dash, and the box for all others.
     */
    private static final String CHARACTERS = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
            + "abcdefghijklmnopqrstuvwxyz{|}~\u00d7\u00b7\u2192\u2013\ufffd";

    private static final String[] ART = {
            """
            ..... ..#.. .#.#. .#.#. ..#.. ##..# .##.. ..#.. ...#. .#... ..... ..... ..... ..... ..... ....# .###. ..#..
            ..... ..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....# #...# .##..
            ..... ..#.. .#.#. ##### #.#.. ...#. #.#.. ..#.. .#... ...#. #.#.# ..#.. ..... ..... ..... ...#. #..## ..#..
            ..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... ####. ..... ..#.. #.#.# ..#..
            ..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..... ..... ..... .#... ##..# ..#..
            ..... ..... ..... .#.#. ####. #..## #..#. ..... .#... ...#. ..#.. ..#.. ..##. ..... .##.. #.... #...# ..#..
            ..... ..#.. ..... .#.#. ..#.. #..## .##.# ..... ..#.. ..#.. ..... ..... ...#. ..... .##.. #.... .###. .###.
            ..... ..... ..... ..... ..... ..... ..... ..... ...#. .#... ..... ..... ..#.. ..... ..... ..... ..... .....
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            """,
            """
            .###. .###. ...#. ##### ..##. ##### .###. .###. ..... ..... ...#. ..... .#... .###. .###. .###. ####. .###.
            #...# #...# ..##. #.... .#... ....# #...# #...# ..##. ..##. ..#.. ..... ..#.. #...# #...# #...# #...# #...#
            ....# ....# .#.#. ####. #.... ...#. #...# #...# ..##. ..##. .#... ##### ...#. ....# #.### #...# #...# #....
            ...#. ..##. #..#. ....# ####. ...#. .###. .#### ..... ..... #.... ..... ....# ...#. #.#.# ##### ####. #....
            ..#.. ....# ##### ....# #...# ..#.. #...# ....# ..##. ..##. .#... ##### ...#. ..#.. #.### #...# #...# #....
            .#... #...# ...#. #...# #...# ..#.. #...# ...#. ..##. ...#. ..#.. ..... ..#.. ..... #.... #...# #...# #...#
            ##### .###. ...#. .###. .###. ..#.. .###. .##.. ..... ..#.. ...#. ..... .#... ..#.. .#### #...# ####. .###.
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            """,
            """
            ###.. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###. ####. .###. ####. .###. ##### #...#
            #..#. #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...# #...# #...# #...# #...# ..#.. #...#
            #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...# #...# #...# #...# #.... ..#.. #...#
            #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...# ####. #...# ####. .###. ..#.. #...#
            #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...# #.... #.#.# #.#.. ....# ..#.. #...#
            #..#. #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #..## #...# #.... #..#. #..#. #...# ..#.. #...#
            ###.. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###. #.... .##.# #...# .###. ..#.. .###.
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            """,
            """
            #...# #...# #...# #...# ##### .###. #.... .###. ..#.. ..... .#... ..... #.... ..... ....# ..... ..##. .....
            #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. ..... ..#.. ..... #.... ..... ....# ..... .#... .....
            #...# #...# .#.#. .#.#. ...#. .#... .#... ...#. #...# ..... ..... .###. ####. .###. .#### .###. ####. .####
            #...# #.#.# ..#.. ..#.. ..#.. .#... ..#.. ...#. ..... ..... ..... ....# #...# #.... #...# #...# .#... #...#
            .#.#. #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... ..... ..... .#### #...# #.... #...# ##### .#... #...#
            .#.#. ##.## #...# ..#.. #.... .#... ....# ...#. ..... ..... ..... #...# #...# #.... #...# #.... .#... #...#
            ..#.. #...# #...# ..#.. ##### .#... ....# ...#. ..... ..... ..... .#### ####. .###. .#### .###. .#... .####
            ..... ..... ..... ..... ..... .###. ..... .###. ..... ##### ..... ..... ..... ..... ..... ..... ..... ....#
            ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .###.
            """,
            """
            #.... ..#.. ...#. #.... .#... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... .....
            #.... ..... ..... #.... .#... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... ..... ..... .....
            #.##. ..#.. ...#. #..#. .#... ##.#. ####. .###. ####. .#### #.##. .#### ####. #...# #...# #.#.# #...# #...#
            ##..# ..#.. ...#. #.#.. .#... #.#.# #...# #...# #...# #...# ##... #.... .#... #...# #...# #.#.# .#.#. #...#
            #...# ..#.. ...#. ##... .#... #.#.# #...# #...# #...# #...# #.... .###. .#... #...# #...# #.#.# ..#.. #...#
            #...# ..#.. ...#. #.#.. .#... #.#.# #...# #...# #...# #...# #.... ....# .#... #...# .#.#. #.#.# .#.#. #...#
            #...# ..#.. ...#. #..#. ..#.. #.#.# #...# .###. ####. .#### #.... ####. ..##. .#### ..#.. .#.#. #...# .####
            ..... ..... ...#. ..... ..... ..... ..... ..... #.... ....# ..... ..... ..... ..... ..... ..... ..... ....#
            ..... ..... .##.. ..... ..... ..... ..... ..... #.... ....# ..... ..... ..... ..... ..... ..... ..... .###.
            """,
            """
            ..... ...#. ..#.. .#... ..... ..... ..... ..... ..... #####
            ..... ..#.. ..#.. ..#.. ..... ..... ..... ..#.. ..... #...#
            ##### ..#.. ..#.. ..#.. .#..# #...# ..... ...#. ..... #...#
            ...#. .#... ..#.. ...#. #.##. .#.#. .##.. ##### ##### #...#
            ..#.. ..#.. ..#.. ..#.. ..... ..#.. .##.. ...#. ..... #...#
            .#... ..#.. ..#.. ..#.. ..... .#.#. ..... ..#.. ..... #...#
            ##### ..#.. ..#.. ..#.. ..... #...# ..... ..... ..... #####
            ..... ...#. ..#.. .#... ..... ..... ..... ..... ..... .....
            ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
            """
    };

    /** The dots of each character, one bit per dot, bit 0 the leftmost. */
    private static final int[][] DOTS = new int[CHARACTERS.length()][HEIGHT];

    static {
        int character = 0;
        for (String block : ART) {
            String[] lines = block.split("\n");
            for (int left = 0; left < lines[0].length(); left += WIDTH + 1, character++) {
                for (int y = 0; y < HEIGHT; y++) {
                    for (int x = 0; x < WIDTH; x++) {
                        DOTS[character][y] |= lines[y].charAt(left + x) == '#' ? 1 << x : 0;
                    }
                }
            }
        }
    }

    private BitmapFont() {
    }

    /** Receives how much of a pixel a letter covers. */
    interface Ink {

        /**
         * Takes one pixel.
         *
         * @param share above 0, at most 1
         */
        void put(int x, int y, double share);
    }

    /** Returns the columns that a text takes, at {@code scale} pixels per dot. */
    static int width(String text, int scale) {
        int width = 0;
        String plain = plain(text);
        for (int i = 0; i < plain.length(); i++) {
            width += advance(plain.charAt(i));
        }
        return Math.max(0, width - 1) * scale;
    }

    /** Draws a text whose capitals' top left corner is at {@code (left, top)}. */
    static void draw(String text, int left, int top, int scale, Ink ink) {
        String plain = plain(text);
        int x = left;
        for (int i = 0; i < plain.length(); i++) {
            char c = plain.charAt(i);
            int index = index(c);
            drawGlyph(DOTS[index], x - firstColumn(index) * scale, top, scale, ink);
            x += advance(c) * scale;
        }
    }

    private static void drawGlyph(int[] dots, int left, int top, int scale, Ink ink) {
        boolean[][] fine = doubled(doubled(asGrid(dots)));
        for (int y = 0; y < HEIGHT * scale; y++) {
            for (int x = 0; x < WIDTH * scale; x++) {
                int covered = 0;
                for (int i = 0; i < SMOOTH * SMOOTH; i++) {
                    int fineX = (x * SMOOTH + i % SMOOTH) / scale;
                    int fineY = (y * SMOOTH + i / SMOOTH) / scale;
                    covered += fine[fineY][fineX] ? 1 : 0;
                }
                if (covered > 0) {
                    ink.put(left + x, top + y, covered / (double) (SMOOTH * SMOOTH));
                }
            }
        }
    }

    private static boolean[][] asGrid(int[] dots) {
        boolean[][] grid = new boolean[HEIGHT][WIDTH];
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                grid[y][x] = (dots[y] >> x & 1) != 0;
            }
        }
        return grid;
    }

    /**
     * Doubles both sides and rounds the corners of stairs (the Scale2x rule: a corner takes the value of two equal
     * neighbours).
     */
    private static boolean[][] doubled(boolean[][] grid) {
        int height = grid.length;
        int width = grid[0].length;
        boolean[][] twice = new boolean[2 * height][2 * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                boolean up = y > 0 && grid[y - 1][x];
                boolean down = y < height - 1 && grid[y + 1][x];
                boolean left = x > 0 && grid[y][x - 1];
                boolean right = x < width - 1 && grid[y][x + 1];
                boolean self = grid[y][x];
                boolean stairs = up != down && left != right;
                twice[2 * y][2 * x] = stairs && left == up ? left : self;
                twice[2 * y][2 * x + 1] = stairs && up == right ? right : self;
                twice[2 * y + 1][2 * x] = stairs && left == down ? left : self;
                twice[2 * y + 1][2 * x + 1] = stairs && down == right ? right : self;
            }
        }
        return twice;
    }

    private static int advance(char c) {
        if (c == ' ') {
            return SPACE + 1;
        }
        if (c >= '0' && c <= '9') {
            return WIDTH + 1;
        }
        int all = allRows(index(c));
        return Integer.SIZE - Integer.numberOfLeadingZeros(all) - Integer.numberOfTrailingZeros(all) + 1;
    }

    private static int firstColumn(int index) {
        char c = CHARACTERS.charAt(index);
        return c == ' ' || c >= '0' && c <= '9' ? 0 : Integer.numberOfTrailingZeros(allRows(index));
    }

    private static int allRows(int index) {
        int all = 0;
        for (int row : DOTS[index]) {
            all |= row;
        }
        return all;
    }

    private static int index(char c) {
        int index = CHARACTERS.indexOf(c);
        return index < 0 ? CHARACTERS.length() - 1 : index;
    }

    private static String plain(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFD).replaceAll("\\p{Mn}", "");
    }
}
