package leanvit.vit;

import java.util.Objects;

/**
 * A feature vector for every patch of each image, as segmentation and the like want them: the patch tokens after the
 * model's last norm, put back to the places of the unreduced grid. Class, distillation and register tokens are left
 * out.
 *
 * <p>Where a reducer merged tokens, each patch has the row of the token that it is in at the end (the unmerge of Bolya
 * and Hoffman 2023, "Token Merging for Fast Stable Diffusion"). Where it dropped one, its patches have the
 * row that it had when it went, through the same norm: later blocks did not see it, but it is no hole (as tokens that
 * go early keep their state in Tang et al. 2023, "Dynamic Token Pruning in Plain Vision Transformers for Semantic
 * Segmentation"). {@link #dropped} tells which these are.
 *
 * <p>The arrays were made for this record, and nothing else holds them.
 *
 * @param images  how many images, B
 * @param rows    patches from top to bottom, image height / patch
 * @param columns patches from left to right, image width / patch
 * @param width   channels, C
 * @param values  [B, rows, columns, C]
 * @param dropped whether each patch's token was dropped, [B, rows, columns]
 */
public record DenseFeatures(int images, int rows, int columns, int width, float[] values, boolean[] dropped) {

    /**
     * Checks that the arrays have their lengths.
     *
     * @throws IllegalArgumentException if not
     */
    public DenseFeatures {
        long patches = (long) images * rows * columns;
        if (values.length != patches * width || dropped.length != patches) {
            throw new IllegalArgumentException(values.length + " values and " + dropped.length + " flags for " + images
                    + " images of " + rows + " x " + columns + " x " + width);
        }
    }

    /**
     * Returns where a patch's vector begins in {@link #values}.
     *
     * @throws IndexOutOfBoundsException if there is no such patch
     */
    public int offset(int image, int row, int column) {
        return patch(image, row, column) * width;
    }

    /**
     * Returns whether a patch's token was dropped before the last block.
     *
     * @throws IndexOutOfBoundsException if there is no such patch
     */
    public boolean isDropped(int image, int row, int column) {
        return dropped[patch(image, row, column)];
    }

    private int patch(int image, int row, int column) {
        Objects.checkIndex(image, images);
        Objects.checkIndex(row, rows);
        Objects.checkIndex(column, columns);
        return (image * rows + row) * columns + column;
    }
}
