package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Path;
import leanvit.reducers.Ltmp;
import leanvit.vit.weights.SafeTensorsWriter;

/**
 * LTMP's thresholds, one per block. Immutable.
 *
 * @param merge the cosines above which tokens merge; empty for no merging
 * @param prune the importance up to which tokens are dropped; empty for no pruning
 */
public record LtmpThresholds(float[] merge, float[] prune) {

    /** Copies the arrays. */
    public LtmpThresholds {
        merge = merge.clone();
        prune = prune.clone();
        if (merge.length == 0 && prune.length == 0) {
            throw new IllegalArgumentException("neither merge nor prune thresholds");
        }
    }

    /** Returns a copy. */
    @Override
    public float[] merge() {
        return merge.clone();
    }

    /** Returns a copy. */
    @Override
    public float[] prune() {
        return prune.clone();
    }

    /** Returns the reducer that has them. */
    public Ltmp reducer() {
        return merge.length == 0 ? Ltmp.pruneOnly(prune) : prune.length == 0 ? Ltmp.mergeOnly(merge)
                : Ltmp.of(merge, prune);
    }

    /**
     * Returns thresholds that reduce more, or less: 1 - merge and prune are multiplied by {@code factor}, and stay from
     * 0 to 1.
     */
    public LtmpThresholds times(double factor) {
        float[] merging = merge();
        float[] pruning = prune();
        for (int l = 0; l < merging.length; l++) {
            merging[l] = (float) Math.max(0, 1 - (1 - merging[l]) * factor);
        }
        for (int l = 0; l < pruning.length; l++) {
            pruning[l] = (float) Math.min(1, pruning[l] * factor);
        }
        return new LtmpThresholds(merging, pruning);
    }

    /**
     * Writes the file that {@code ltmp:thresholds=FILE} reads, whole or not at all.
     *
     * @throws IOException if it cannot be written
     */
    public void save(Path file) throws IOException {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        if (merge.length > 0) {
            writer.floats("merge", merge, merge.length);
        }
        if (prune.length > 0) {
            writer.floats("prune", prune, prune.length);
        }
        writer.write(file);
    }
}
