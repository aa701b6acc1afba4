package leanvit.vit.weights;

import leanvit.vit.io.InvalidInputException;

/** The ranges that a config's numbers must lie in, far beyond any model, and what must divide what. */
final class Limits {

    static final int MAX_WIDTH = 1 << 16;
    static final int MAX_DEPTH = 1 << 10;
    static final int MAX_HEADS = 1 << 10;
    static final int MAX_IMAGE = 1 << 14;
    static final int MAX_PATCH = 1 << 10;
    static final int MAX_CLASSES = 1 << 22;
    static final int MAX_MLP = 1 << 18;
    static final int MAX_REGISTERS = 1 << 10;

    private Limits() {
    }

    /**
     * Checks the parts against each other; {@code heads}, {@code width}: what the file calls these fields.
     *
     * @param mayCut whether pixels beyond the last whole patch may be left out, as SigLIP's 384 pixels of patches of 14
     */
    static void check(VitConfig config, Fields file, String heads, String width, boolean mayCut)
            throws InvalidInputException {
        if (config.width() % config.heads() != 0) {
            throw file.error(heads, config.heads() + " does not divide " + width + " " + config.width());
        }
        if (config.parts().rotary() != null && config.headDim() % 4 != 0) {
            throw file.error(heads, "gives heads of " + config.headDim()
                    + " channels; rotary positions need a multiple of 4");
        }
        if (config.width() % config.poolHeads() != 0) {
            throw file.error(width, config.width() + " is no multiple of the " + config.poolHeads()
                    + " heads of the attention pool");
        }
        boolean whole = config.imageHeight() % config.patch() == 0 && config.imageWidth() % config.patch() == 0;
        if (!whole && !(mayCut && config.patches() > 0)) {
            throw file.error("patch_size", config.patch() + " does not divide the image size "
                    + config.imageHeight() + "x" + config.imageWidth());
        }
        if (config.mlpHidden() < 1 || config.mlpHidden() > MAX_MLP) {
            throw file.error("mlp_ratio", "gives an MLP of " + config.mlpHidden() + " channels; expected 1 to "
                    + MAX_MLP);
        }
    }
}
