package leanvit.app.draw;

import leanvit.vit.image.RgbImage;

/**
 * A picture cut into square patches from its top left corner; pixels beyond the last row and column of patches belong
 * to none.
 *
 * @param picture the model's input
 * @param patch   side of a patch, pixels
 * @param rows    rows of patches
 * @param columns columns of patches
 */
record PatchGrid(RgbImage picture, int patch, int rows, int columns) {

    PatchGrid {
        if (patch < 1 || rows < 1 || columns < 1 || (long) patch * rows > picture.height()
                || (long) patch * columns > picture.width()) {
            throw new IllegalArgumentException(rows + " x " + columns + " patches of " + patch
                    + " pixels do not fit into a picture of " + picture.height() + " rows and " + picture.width()
                    + " columns");
        }
    }

    int patches() {
        return rows * columns;
    }

    /**
     * Returns the mean colour of those patches whose entry is {@code wanted}, each channel rounded; black if there is
     * none.
     */
    int meanColour(int[] entries, int wanted) {
        long[] sums = new long[3];
        long pixels = 0;
        for (int p = 0; p < entries.length; p++) {
            if (entries[p] != wanted) {
                continue;
            }
            int left = p % columns * patch;
            int top = p / columns * patch;
            for (int i = 0; i < patch * patch; i++) {
                int colour = picture.pixel(left + i % patch, top + i / patch);
                for (int c = 0; c < 3; c++) {
                    sums[c] += colour >> 16 - 8 * c & 0xff;
                }
            }
            pixels += (long) patch * patch;
        }
        int mean = 0;
        for (long sum : sums) {
            mean = mean << 8 | (int) ((sum + pixels / 2) / Math.max(1, pixels));
        }
        return mean;
    }
}
