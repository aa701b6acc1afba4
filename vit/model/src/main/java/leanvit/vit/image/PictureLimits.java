package leanvit.vit.image;

import leanvit.vit.io.InvalidInputException;

/**
 * How large a picture may be. What is beyond is refused by what its header claims, before anything is decoded or held.
 *
 * @param maxPixels the most pixels of a picture, columns times rows, 1 to {@value #MOST_PIXELS}
 * @param maxSide   the most pixels of one side, 1 to {@value #MOST_SIDE}, libjpeg's own limit
 * @param maxBytes  the most bytes of a file, 1 to {@value #MOST_BYTES}
 * @param maxScans  the most scans of a JPEG, at least 1. Decoding one takes about as long as a whole small picture of
 *                  the size; progressive files have about 10, and a thousand empty ones cost nobody but the reader
 */
public record PictureLimits(int maxPixels, int maxSide, int maxBytes, int maxScans) {

    /** The largest of {@link #maxPixels}: the four components of CMYK still fit into an array. */
    public static final int MOST_PIXELS = 500_000_000;
    /** The largest of {@link #maxSide}. */
    public static final int MOST_SIDE = 65_500;
    /** The largest of {@link #maxBytes}. */
    public static final int MOST_BYTES = 1 << 30;

    /**
     * 48 Mi pixels (8192 x 6144), 128 MiB of file, 50 scans; in a Java virtual machine of less than 512 MiB of heap,
     * less: the pixels, of 3 bytes, at most half the largest heap, and the file a quarter.
     */
    public static final PictureLimits DEFAULT = of(Runtime.getRuntime().maxMemory());

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a limit is below 1 or above its largest
     */
    public PictureLimits {
        check("maxPixels", maxPixels, MOST_PIXELS);
        check("maxSide", maxSide, MOST_SIDE);
        check("maxBytes", maxBytes, MOST_BYTES);
        check("maxScans", maxScans, Integer.MAX_VALUE);
    }

    /** Returns what {@link #DEFAULT} is in a heap of at most so many bytes. */
    static PictureLimits of(long maxHeap) {
        return new PictureLimits((int) Math.min(48 << 20, maxHeap / 2 / RgbImage.CHANNELS), MOST_SIDE,
                (int) Math.min(128 << 20, maxHeap / 4), 50);
    }

    private static void check(String name, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(name + " must be from 1 to " + most + ", not " + value);
        }
    }

    /** Refuses a size that is zero or beyond the limits. */
    void checkSize(String picture, long width, long height) throws InvalidInputException {
        if (width < 1 || height < 1) {
            throw new InvalidInputException(picture, "claims a size of " + width + " x " + height + " pixels");
        }
        if (width > maxSide || height > maxSide || width * height > maxPixels) {
            throw new InvalidInputException(picture, "claims a size of " + width + " x " + height
                    + " pixels, the limit is " + maxPixels + " pixels and " + maxSide + " a side");
        }
    }

    /** Refuses a file of more bytes than the limit. */
    void checkBytes(String picture, long bytes) throws InvalidInputException {
        if (bytes > maxBytes) {
            throw new InvalidInputException(picture, "is larger than the limit of " + maxBytes + " bytes");
        }
    }
}
