package leanvit.vit.image;

/**
 * The eight ways in which a camera may have stored a picture, and how the tag that says which is found in Exif data.
 *
 * <p>The tag is only ever a hint: Exif data that cannot be read, or a value outside 1 to 8, means upright.
 *
 * <p>Source: Exif 2.32, section 4.6.4 (tag 0112h), and TIFF 6.0, section 2 (the directory).
 */
final class Orientation {

    static final int UPRIGHT = 1;
    /** From this value on rows and columns are swapped. */
    private static final int FIRST_TRANSPOSED = 5;
    private static final int LAST = 8;

    private static final int TAG = 0x0112;
    private static final int TYPE_SHORT = 3;
    private static final int TIFF_HEADER_BYTES = 8;
    private static final int ENTRY_BYTES = 12;

    private Orientation() {
    }

    /**
     * Returns the orientation, 1 to 8, that the TIFF structure in {@code data[offset, offset + length)} names; 1 where
     * there is none. A leading {@code "Exif\0\0"} is skipped. Looks at the first directory alone and follows no other
     * pointer, so it ends after at most 65,535 entries whatever the bytes are.
     */
    static int read(byte[] data, int offset, int length) {
        int start = offset;
        int end = offset + length;
        if (isExif(data, offset, length)) {
            start += 6;
        }
        if (end - start < TIFF_HEADER_BYTES) {
            return UPRIGHT;
        }
        boolean little = data[start] == 'I' && data[start + 1] == 'I';
        boolean big = data[start] == 'M' && data[start + 1] == 'M';
        if (!little && !big || u16(data, start + 2, little) != 42) {
            return UPRIGHT;
        }
        long directory = start + ((long) u16(data, start + (little ? 6 : 4), little) << 16
                | u16(data, start + (little ? 4 : 6), little));
        if (directory + 2 > end) {
            return UPRIGHT;
        }
        int entry = (int) directory + 2;
        for (int left = u16(data, (int) directory, little); left > 0 && entry + ENTRY_BYTES <= end; left--) {
            if (u16(data, entry, little) == TAG && u16(data, entry + 2, little) == TYPE_SHORT) {
                int value = u16(data, entry + 8, little);
                return value >= UPRIGHT && value <= LAST ? value : UPRIGHT;
            }
            entry += ENTRY_BYTES;
        }
        return UPRIGHT;
    }

    /** Says whether {@code data[offset, offset + length)} begins as the Exif segment of a JPEG does. */
    static boolean isExif(byte[] data, int offset, int length) {
        return length >= 6 && data[offset] == 'E' && data[offset + 1] == 'x' && data[offset + 2] == 'i'
                && data[offset + 3] == 'f' && data[offset + 4] == 0 && data[offset + 5] == 0;
    }

    /**
     * Returns the stored picture turned upright; the picture itself if it is upright.
     *
     * @param orientation 1 upright, 2 mirrored left to right, 3 turned by 180 degrees, 4 mirrored top to bottom,
     *                    5 transposed, 6 to be turned by 90 degrees clockwise, 7 transposed along the other diagonal,
     *                    8 to be turned by 90 degrees counter-clockwise
     */
    static RgbImage apply(RgbImage stored, int orientation) {
        if (orientation == UPRIGHT) {
            return stored;
        }
        boolean transposed = orientation >= FIRST_TRANSPOSED;
        boolean mirrored = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
        boolean flipped = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
        int width = transposed ? stored.height() : stored.width();
        int height = transposed ? stored.width() : stored.height();
        RgbImage upright = RgbImage.black(width, height);
        byte[] from = stored.samples();
        byte[] to = upright.samples();
        // How far one step right or down in the upright picture goes in the stored one, in samples.
        int right = RgbImage.CHANNELS * (transposed ? stored.width() : 1) * (mirrored ? -1 : 1);
        int down = RgbImage.CHANNELS * (transposed ? 1 : stored.width()) * (flipped ? -1 : 1);
        int first = (mirrored ? -right * (width - 1) : 0) + (flipped ? -down * (height - 1) : 0);
        int out = 0;
        for (int y = 0; y < height; y++) {
            int in = first + y * down;
            for (int x = 0; x < width; x++, in += right, out += RgbImage.CHANNELS) {
                to[out] = from[in];
                to[out + 1] = from[in + 1];
                to[out + 2] = from[in + 2];
            }
        }
        return upright;
    }

    private static int u16(byte[] data, int at, boolean little) {
        int first = data[at] & 0xff;
        int second = data[at + 1] & 0xff;
        return little ? second << 8 | first : first << 8 | second;
    }
}
