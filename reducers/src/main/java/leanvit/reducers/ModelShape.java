package leanvit.reducers;

/**
 * What a reducer may know of the model that hosts it.
 *
 * @param depth   blocks, L
 * @param width   channels of a token, C
 * @param heads   attention heads, H
 * @param prefix  tokens before the patches (class, distillation, registers), P; every method protects them
 * @param patches patches of an unreduced image, n0
 */
public record ModelShape(int depth, int width, int heads, int prefix, int patches) {

    /** Returns the width of one head, C / H. */
    public int headDim() {
        return width / heads;
    }

    /** Returns the tokens of an unreduced image, P + n0. */
    public int tokens() {
        return prefix + patches;
    }
}
