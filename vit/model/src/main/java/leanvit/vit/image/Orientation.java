package leanvit.vit.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The eight ways in which a camera may have stored a picture, and how what says which is found: a tag of Exif data, or
 * a property of an XMP packet.
 *
 * <p>It is only ever a hint: data that cannot be read, or a value outside 1 to 8, means upright. The rules are those
 * of Pillow's {@code ImageOps.exif_transpose}: the tag may be of any type of numbers, but not of bytes or text.
 *
 * <p>Source: Exif 2.32, section 4.6.4 (tag 0112h), and TIFF 6.0, section 2 (the directory); XMP part 2, section 8.7
 * ({@code tiff:Orientation}).
 */
final class Orientation {

    static final int UPRIGHT = 1;
    /** From this value on rows and columns are swapped. */
    private static final int FIRST_TRANSPOSED = 5;
    private static final int LAST = 8;

    private static final int TAG = 0x0112;
    private static final int TIFF_HEADER_BYTES = 8;
    private static final int ENTRY_BYTES = 12;
    private static final int ABSENT = -1;
    /** An attribute or the start of an element; whatever its prefix is bound to, as Pillow does it. */
    private static final Pattern XMP = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");

    private Orientation() {
    }

    /**
     * Returns the orientation, 1 to 8, that a picture's data name: the Exif tag decides wherever it stands, even if it
     * says nothing valid; only without it the XMP packet is looked at. 1 where neither says anything.
     *
     * @param exif a TIFF structure, a leading {@code "Exif\0\0"} is skipped; or null
     * @param xmp  an XMP packet in ISO 8859-1 or Unicode, or null
     */
    static int of(byte[] exif, String xmp) {
        int value = exif == null ? ABSENT : tag(exif);
        if (value == ABSENT && xmp != null) {
            Matcher found = XMP.matcher(xmp);
            value = found.find() ? found.group(1).charAt(0) - '0' : ABSENT;
        }
        return value >= UPRIGHT && value <= LAST ? value : UPRIGHT;
    }

    /**
     * Returns the tag's value, whatever it is, or {@link #ABSENT}. Looks at the first directory alone and follows no
     * other pointer than to the tag's own value, so it ends after at most 65,535 entries whatever the bytes are.
     */
    private static int tag(byte[] exif) {
        int start = 0;
        while (isExif(exif, start, exif.length - start)) {
            start += 6;
        }
        int length = exif.length - start;
        if (length < TIFF_HEADER_BYTES) {
            return ABSENT;
        }
        boolean little = exif[start] == 'I' && exif[start + 1] == 'I';
        boolean big = exif[start] == 'M' && exif[start + 1] == 'M';
        ByteBuffer tiff = ByteBuffer.wrap(exif, start, length).slice()
                .order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        long directory = tiff.getInt(4) & 0xffffffffL;
        if (!little && !big || tiff.getShort(2) != 42 || directory + 2 > length) {
            return ABSENT;
        }
        int value = ABSENT;
        int entry = (int) directory + 2;
        for (int left = tiff.getShort((int) directory) & 0xffff; left > 0 && entry + ENTRY_BYTES <= length; left--) {
            if ((tiff.getShort(entry) & 0xffff) == TAG) {
                value = value(tiff, entry, value);
            }
            entry += ENTRY_BYTES;
        }
        return value;
    }

    /** Returns an entry's first value if its type is one of numbers; {@code otherwise} where it has none. */
    private static int value(ByteBuffer tiff, int entry, int otherwise) {
        int type = tiff.getShort(entry + 2) & 0xffff;
        int bytes = switch (type) {
            case 1, 2, 6, 7 -> 1;
            case 3, 8 -> 2;
            case 4, 9, 11, 13 -> 4;
            case 5, 10, 12, 16 -> 8;
            default -> 0;
        };
        long size = bytes * (tiff.getInt(entry + 4) & 0xffffffffL);
        long at = size <= 4 ? entry + 8 : tiff.getInt(entry + 8) & 0xffffffffL;
        if (size == 0 || at + size > tiff.limit()) {
            return otherwise;
        }
        int i = (int) at;
        double number = switch (type) {
            case 3 -> tiff.getShort(i) & 0xffff;
            case 4, 13 -> tiff.getInt(i) & 0xffffffffL;
            case 5 -> (tiff.getInt(i) & 0xffffffffL) / (double) (tiff.getInt(i + 4) & 0xffffffffL);
            case 6 -> tiff.get(i);
            case 8 -> tiff.getShort(i);
            case 9 -> tiff.getInt(i);
            case 10 -> tiff.getInt(i) / (double) tiff.getInt(i + 4);
            case 11 -> tiff.getFloat(i);
            case 12 -> tiff.getDouble(i);
            case 16 -> tiff.getLong(i);
            default -> 0; // bytes and text are no number: the tag is there, and says nothing
        };
        return number == (int) number ? (int) number & Integer.MAX_VALUE : 0;
    }

    /** Says whether {@code data[offset, offset + length)} begins as the Exif segment of a JPEG does. */
    static boolean isExif(byte[] data, int offset, int length) {
        return length >= 6 && data[offset] == 'E' && data[offset + 1] == 'x' && data[offset + 2] == 'i'
                && data[offset + 3] == 'f' && data[offset + 4] == 0 && data[offset + 5] == 0;
    }

    /**
     * Where the samples of a stored picture stand in the upright one: those of column x of row y begin at
     * {@code first + x * right + y * down}.
     *
     * @param width  columns of the upright picture
     * @param height rows of it
     * @param first  where the stored picture's first pixel stands
     * @param right  how far the next pixel of its row stands from it, in samples; may be negative
     * @param down   how far the next of its column
     */
    record Placement(int width, int height, int first, int right, int down) {

        /**
         * Computes it for a stored picture of this size.
         *
         * @param orientation 1 upright, 2 mirrored left to right, 3 turned by 180 degrees, 4 mirrored top to bottom,
         *                    5 transposed, 6 to be turned by 90 degrees clockwise, 7 transposed along the other
         *                    diagonal, 8 to be turned by 90 degrees counter-clockwise
         */
        static Placement of(int storedWidth, int storedHeight, int orientation) {
            boolean transposed = orientation >= FIRST_TRANSPOSED;
            boolean mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
            boolean flipped = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
            int width = transposed ? storedHeight : storedWidth;
            int height = transposed ? storedWidth : storedHeight;
            int column = RgbImage.CHANNELS * (mirrored ? -1 : 1);
            int row = RgbImage.CHANNELS * width * (flipped ? -1 : 1);
            int first = (mirrored ? RgbImage.CHANNELS * (width - 1) : 0)
                    + (flipped ? RgbImage.CHANNELS * width * (height - 1) : 0);
            return new Placement(width, height, first, transposed ? row : column, transposed ? column : row);
        }
    }

    /** Returns the stored picture turned upright; the picture itself if it is upright. */
    static RgbImage apply(RgbImage stored, int orientation) {
        if (orientation == UPRIGHT) {
            return stored;
        }
        Placement place = Placement.of(stored.width(), stored.height(), orientation);
        RgbImage upright = RgbImage.black(place.width, place.height);
        byte[] from = stored.samples();
        byte[] to = upright.samples();
        int in = 0;
        for (int y = 0; y < stored.height(); y++) {
            int out = place.first + y * place.down;
            for (int x = 0; x < stored.width(); x++, in += RgbImage.CHANNELS, out += place.right) {
                to[out] = from[in];
                to[out + 1] = from[in + 1];
                to[out + 2] = from[in + 2];
            }
        }
        return upright;
    }
}
