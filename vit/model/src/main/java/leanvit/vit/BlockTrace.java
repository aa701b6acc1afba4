package leanvit.vit;

/**
 * What one block did to a batch. The arrays were made for this record, and nothing else holds them.
 *
 * @param layer      the block, counted from 0
 * @param attended   tokens that attention saw, one entry per image
 * @param tokens     tokens after the block, one entry per image
 * @param assignment for each image and each token of the unreduced image: the token that it is in after the block, or
 *                   -1
 * @param gathering  for each image and each token after the block: whether it is one that a reducer added, here or in
 *                   a block
 *                   before, to gather tokens that it did not keep (EViT's fused token, POMT's mean)
 * @param rows       token rows after the block, all images one after another, [sum of tokens, C]; null if not asked for
 * @param sizes      size of each of these tokens; null if not asked for, or where the reducer tracks none
 */
public record BlockTrace(int layer, int[] attended, int[] tokens, int[][] assignment, boolean[][] gathering,
        float[] rows,
                         float[] sizes) {
}
