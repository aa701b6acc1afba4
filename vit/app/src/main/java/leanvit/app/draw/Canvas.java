package leanvit.app.draw;

import java.util.ArrayList;
import java.util.List;
import leanvit.vit.image.RgbImage;

/** A picture to draw on. What lies outside it is cut off. Colours are {@code 0xRRGGBB}. */
final class Canvas {

    private final RgbImage picture;

    /** Makes a canvas of one colour. */
    Canvas(int width, int height, int colour) {
        picture = RgbImage.black(width, height);
        fill(0, 0, width, height, colour);
    }

    /** Returns what was drawn; it changes if the canvas is drawn on again. */
    RgbImage picture() {
        return picture;
    }

    int pixel(int x, int y) {
        return picture.pixel(x, y);
    }

    /** Lays {@code share} (0 to 1) of a colour over a pixel. */
    void blend(int x, int y, int colour, double share) {
        if (x < 0 || y < 0 || x >= picture.width() || y >= picture.height()) {
            return;
        }
        int at = 3 * (y * picture.width() + x);
        byte[] samples = picture.samples();
        for (int c = 0; c < 3; c++) {
            int old = samples[at + c] & 0xff;
            samples[at + c] = (byte) Math.round(old + share * ((colour >> 16 - 8 * c & 0xff) - old));
        }
    }

    void fill(int left, int top, int width, int height, int colour) {
        for (int y = top; y < top + height; y++) {
            for (int x = left; x < left + width; x++) {
                blend(x, y, colour, 1);
            }
        }
    }

    void image(RgbImage image, int left, int top) {
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                blend(left + x, top + y, image.pixel(x, y), 1);
            }
        }
    }

    /** Draws a text whose capitals' top left corner is at {@code (left, top)}. */
    void text(String text, int left, int top, int scale, int colour) {
        BitmapFont.draw(text, left, top, scale, (x, y, share) -> blend(x, y, colour, share));
    }

    /** Draws lines of text one below the other and returns the y below them. */
    int text(List<String> lines, int left, int top, int scale, int colour) {
        int y = top;
        for (String line : lines) {
            text(line, left, y, scale, colour);
            y += BitmapFont.LINE * scale;
        }
        return y;
    }

    /**
     * Draws a text turned by 90 degrees counter-clockwise, its capitals' tops at {@code left}, its end at {@code top}.
     */
    void textUpwards(String text, int left, int top, int scale, int colour) {
        int bottom = top + BitmapFont.width(text, scale) - 1;
        BitmapFont.draw(text, 0, 0, scale, (x, y, share) -> blend(left + y, bottom - x, colour, share));
    }

    /** Breaks a text at spaces into lines of at most {@code width} columns; a longer word is broken anywhere. */
    static List<String> wrap(String text, int width, int scale) {
        List<String> lines = new ArrayList<>();
        String line = "";
        for (String word : text.strip().split("\\s+")) {
            String longer = line.isEmpty() ? word : line + " " + word;
            if (BitmapFont.width(longer, scale) <= width) {
                line = longer;
                continue;
            }
            if (!line.isEmpty()) {
                lines.add(line);
            }
            while (BitmapFont.width(word, scale) > width && word.length() > 1) {
                int fits = 1;
                while (BitmapFont.width(word.substring(0, fits + 1), scale) <= width) {
                    fits++;
                }
                lines.add(word.substring(0, fits));
                word = word.substring(fits);
            }
            line = word;
        }
        lines.add(line);
        return lines;
    }

    /** Returns a text of at most {@code width} columns, the end of a longer one replaced by dots. */
    static String elide(String text, int width, int scale) {
        if (BitmapFont.width(text, scale) <= width) {
            return text;
        }
        int length = text.length();
        while (length > 0 && BitmapFont.width(text.substring(0, length) + "...", scale) > width) {
            length--;
        }
        return text.substring(0, length) + "...";
    }

    /** Draws a smooth disc. */
    void disc(double centreX, double centreY, double radius, int colour) {
        shape(centreX - radius, centreY - radius, centreX + radius, centreY + radius, colour,
                (x, y) -> Math.hypot(x - centreX, y - centreY) - radius);
    }

    /** Draws a smooth line with round ends. */
    void line(double fromX, double fromY, double toX, double toY, double width, int colour) {
        double dx = toX - fromX;
        double dy = toY - fromY;
        double squared = Math.max(dx * dx + dy * dy, 1e-12);
        double half = width / 2;
        shape(Math.min(fromX, toX) - half, Math.min(fromY, toY) - half, Math.max(fromX, toX) + half,
                Math.max(fromY, toY) + half, colour, (x, y) -> {
                    double along = Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / squared));
                    return Math.hypot(x - fromX - along * dx, y - fromY - along * dy) - half;
                });
    }

    /** Says how far a point lies outside a shape, in pixels; negative inside. */
    private interface Distance {
        double of(double x, double y);
    }

    private void shape(double left, double top, double right, double bottom, int colour, Distance distance) {
        for (int y = (int) Math.floor(top) - 1; y <= (int) Math.ceil(bottom); y++) {
            for (int x = (int) Math.floor(left) - 1; x <= (int) Math.ceil(right); x++) {
                double share = 0.5 - distance.of(x + 0.5, y + 0.5);
                if (share > 0) {
                    blend(x, y, colour, Math.min(1, share));
                }
            }
        }
    }
}
