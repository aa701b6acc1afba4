package leanvit.vit.pass;

import java.util.Arrays;
import leanvit.reducers.TokenMap;

/**
 * Where in the picture the tokens of a {@link TokenBatch} are, for models whose positions enter every block (rotary, or
 * a relative bias). A token's place is a row and a column of the patch grid; a token that stands for several patches is
 * at the mean of their places, each counted once, however a reducer weighs their contents: the size-weighted mean, as
 * for a merged token's contents in ToMe. (Dropped patches count for nothing.)
 */
final class Places {

    private final int gridColumns;
    private final Turns turns;
    /** Row and column by token. */
    private float[] at = {};
    /** Patches that a token stands for. */
    private float[] patches = {};
    private float[] angles = {};
    /** By image, whether its tokens are its patches in their order. */
    private boolean[] whole = {};

    /**
     * Makes an empty batch.
     *
     * @param turns the first block's rotary angles, or null
     */
    Places(int gridColumns, Turns turns) {
        this.gridColumns = gridColumns;
        this.turns = turns;
    }

    void reset(int images, int tokens) {
        if (patches.length < tokens) {
            at = new float[2 * tokens];
            patches = new float[tokens];
            angles = new float[turns == null ? 0 : tokens * turns.width()];
        }
        whole = whole.length < images ? new boolean[images] : whole;
    }

    /** Puts an image's patches at their places, those of its tokens behind the prefix. */
    void begin(int image, int start, int count, int prefix) {
        whole[image] = true;
        for (int i = 0; i < count; i++) {
            int patch = i - prefix;
            boolean isPatch = patch >= 0;
            at[2 * (start + i)] = isPatch ? patch / gridColumns : 0f;
            at[2 * (start + i) + 1] = isPatch ? patch % gridColumns : 0f;
            patches[start + i] = 1f;
        }
        if (turns == null || turns.perHead()) {
            return;
        }
        int width = turns.width();
        if (image > 0) {
            // All images begin alike.
            System.arraycopy(angles, 0, angles, start * width, count * width);
            return;
        }
        for (int i = 0; i < count; i++) {
            turn(start + i, i < prefix);
        }
    }

    private void turn(int token, boolean isPrefix) {
        turn(turns, token, isPrefix);
    }

    /** Works the angles of an image's tokens out for a block that has angles of its own. */
    void turn(Turns own, int start, int count, int prefix) {
        for (int i = 0; i < count; i++) {
            turn(own, start + i, i < prefix);
        }
    }

    private void turn(Turns turns, int token, boolean isPrefix) {
        if (isPrefix) {
            turns.none(angles, token * turns.width());
        } else {
            turns.at(at[2 * token], at[2 * token + 1], angles, token * turns.width());
        }
    }

    /** Puts an image's tokens where a map has brought those of {@code from}. */
    void follow(Places from, int fromStart, TokenMap map, int image, int start, int prefix) {
        int count = map.outputs();
        whole[image] = from.whole[image] && map.isIdentity();
        Arrays.fill(at, 2 * start, 2 * (start + count), 0f);
        Arrays.fill(patches, start, start + count, 0f);
        for (int i = 0; i < map.inputs(); i++) {
            if (map.target(i) != TokenMap.DROPPED) {
                int to = start + map.target(i);
                float size = from.patches[fromStart + i];
                patches[to] += size;
                at[2 * to] += size * from.at[2 * (fromStart + i)];
                at[2 * to + 1] += size * from.at[2 * (fromStart + i) + 1];
            }
        }
        for (int i = 0; i < count; i++) {
            at[2 * (start + i)] /= patches[start + i];
            at[2 * (start + i) + 1] /= patches[start + i];
        }
        for (int i = 0; i < map.inputs(); i++) {
            if (isAlone(map, i)) {
                System.arraycopy(from.at, 2 * (fromStart + i), at, 2 * (start + map.target(i)), 2);
            }
        }
        if (turns != null && !turns.perHead()) {
            followAngles(from, fromStart, map, start, prefix);
        }
    }

    private static boolean isAlone(TokenMap map, int input) {
        return map.target(input) != TokenMap.DROPPED && map.contributors(map.target(input)) == 1;
    }

    /** A token that came alone keeps its angles; sines and cosines are worked out for merged ones only. */
    private void followAngles(Places from, int fromStart, TokenMap map, int start, int prefix) {
        int width = turns.width();
        for (int i = 0; i < map.inputs(); i++) {
            if (isAlone(map, i)) {
                System.arraycopy(from.angles, (fromStart + i) * width, angles, (start + map.target(i)) * width, width);
            }
        }
        for (int i = 0; i < map.outputs(); i++) {
            if (map.contributors(i) != 1) {
                turn(start + i, i < prefix);
            }
        }
    }

    boolean isWhole(int image) {
        return whole[image];
    }

    /** Returns row and column by token; not a copy. */
    float[] at() {
        return at;
    }

    /** Returns a row of angles by token; not a copy. */
    float[] angles() {
        return angles;
    }
}
