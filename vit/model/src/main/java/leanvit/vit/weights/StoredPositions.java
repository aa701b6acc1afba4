package leanvit.vit.weights;

import leanvit.vit.weights.Parts.PrefixPositions;

/**
 * The grid of the position embedding in a file, which may be another than the model's. One of the model's own number of
 * rows is taken as it is, whatever its sides; another counts as square.
 *
 * @param prefix  rows that belong to no patch
 * @param rows    rows of the stored grid
 * @param columns columns of the stored grid
 */
record StoredPositions(int prefix, int rows, int columns) {

    /**
     * Works the grid out; returns null where the rows make none.
     *
     * @param config    the model that the embedding was stored with
     * @param prefix    its prefix tokens
     * @param registers how many of these are registers
     * @param stored    rows of the embedding
     */
    static StoredPositions of(VitConfig config, int prefix, int registers, int stored) {
        PrefixPositions positions = config.parts().prefixPositions();
        int most = switch (positions) {
            case ALL, BY_ROWS -> prefix;
            case NO_REGISTERS -> prefix - registers;
            case NONE -> 0;
        };
        boolean either = positions == PrefixPositions.BY_ROWS;
        if (stored == config.patches() + most || either && stored == config.patches()) {
            return new StoredPositions(stored - config.patches(), config.gridRows(), config.gridColumns());
        }
        int side = side(stored - most);
        if (side > 0) {
            return new StoredPositions(most, side, side);
        }
        side = either ? side(stored) : 0;
        return side > 0 ? new StoredPositions(0, side, side) : null;
    }

    private static int side(int patches) {
        int side = (int) Math.sqrt(Math.max(0, patches));
        return side * side == patches ? side : 0;
    }

    /** Returns the embedding, whose rows for prefix tokens stay, for the grid of {@code config}. */
    float[] fit(float[] embedding, VitConfig config) {
        return PositionEmbedding.resize(config.parts().positionFit(), embedding, prefix, config.width(), rows, columns,
                config.gridRows(), config.gridColumns());
    }
}
