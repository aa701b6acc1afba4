package leanvit.vit.pass;

import java.util.Arrays;
import leanvit.reducers.TokenMap;

/** Follows the tokens of a batch through the reductions of a pass. */
public final class TokenTrail {

    private final int[][] assignment;
    private final boolean[][] gathering;

    /** Starts where no token has gone anywhere. */
    public TokenTrail(int images, int tokens) {
        assignment = new int[images][tokens];
        gathering = new boolean[images][tokens];
        for (int[] row : assignment) {
            Arrays.setAll(row, i -> i);
        }
    }

    /** Follows an image's tokens through a map. */
    public void follow(int image, TokenMap map) {
        boolean[] before = gathering[image];
        boolean[] after = new boolean[map.outputs()];
        for (int output = 0; output < after.length; output++) {
            after[output] = map.isAdded(output);
        }
        for (int input = 0; input < map.inputs(); input++) {
            if (before[input] && map.target(input) != TokenMap.DROPPED) {
                after[map.target(input)] = true;
            }
        }
        gathering[image] = after;
        map.trace(assignment[image], 0, assignment[image].length);
    }

    /** Returns for each token of an unreduced image the token that it is in now, or -1; not a copy. */
    public int[] of(int image) {
        return assignment[image];
    }

    /** Returns a copy: for each image, and each token of the unreduced image, the token that it is in now, or -1. */
    public int[][] assignment() {
        int[][] copy = new int[assignment.length][];
        Arrays.setAll(copy, image -> assignment[image].clone());
        return copy;
    }

    /** Returns a copy: for each image and each token, whether a reducer added it to gather tokens. */
    public boolean[][] gathering() {
        boolean[][] copy = new boolean[gathering.length][];
        Arrays.setAll(copy, image -> gathering[image].clone());
        return copy;
    }
}
