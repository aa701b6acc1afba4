package leanvit.vit.weights;

import leanvit.vit.io.InvalidInputException;

/**
 * The grid of the position embedding in a file of timm's, which may be another than the model's: timm fits a square one
 * to the model on loading. One of the model's own number of rows is taken as it is, whatever its sides.
 *
 * @param prefix rows that belong to no patch
 * @param side   rows and columns of the stored grid; 0 where it is the model's own
 * @param rows   rows of the embedding once it fits the model
 */
record StoredPositions(int prefix, int side, int rows) {

    /** Looks at a checkpoint's tensor {@code pos_embed}; one whose rows make no square grid counts as the model's. */
    static StoredPositions of(ModelDescription model, Weights weights) throws InvalidInputException {
        return of(model.config(), model.features().embedPrefix(), weights);
    }

    static StoredPositions of(VitConfig config, Boolean embedPrefix, Weights weights) throws InvalidInputException {
        int patches = config.patches();
        int tokens = tokens(config, weights);
        int[] shape = weights.names().has("pos_embed") ? weights.shape("pos_embed") : new int[0];
        int stored = shape.length == 3 ? shape[1] : -1;
        boolean bare = embedPrefix == null ? stored == patches : !embedPrefix;
        int own = bare ? patches : patches + tokens;
        if (stored < 0 || stored == own || weights.names().transformers()) {
            return new StoredPositions(bare ? 0 : tokens, 0, stored < 0 ? own : weights.names().transformers() ? stored
                    : own);
        }
        int side = side(stored - (bare ? 0 : tokens));
        if (side == 0 && embedPrefix == null && side(stored) > 0) {
            return new StoredPositions(0, side(stored), patches);
        }
        return new StoredPositions(bare ? 0 : tokens, side, side > 0 ? own : stored);
    }

    /** Returns the embedding for the model's grid. */
    float[] fit(float[] embedding, VitConfig config) {
        return side == 0 ? embedding : PositionEmbedding.resize(embedding, prefix, config.width(), side, side,
                config.imageHeight() / config.patch(), config.imageWidth() / config.patch());
    }

    private static int tokens(VitConfig config, Weights weights) throws InvalidInputException {
        int registers = 0;
        if (weights.names().has("reg_token")) {
            int[] shape = weights.shape("reg_token");
            registers = shape.length == 3 ? shape[1] : 1;
        }
        return (weights.names().has("cls_token") ? 1 : 0) + (config.distilled() ? 1 : 0) + registers;
    }

    private static int side(int patches) {
        int side = (int) Math.sqrt(Math.max(0, patches));
        return side * side == patches ? side : 0;
    }
}
