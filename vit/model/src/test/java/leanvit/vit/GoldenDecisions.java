package leanvit.vit;

import java.io.IOException;
import java.util.Arrays;
import leanvit.reducers.TokenMap;
import leanvit.testdata.Exact;

/**
 * Where each token of a block's input goes, as the official implementation decided it: its indices, turned into
 * targets.
 */
final class GoldenDecisions {

    /** A token that goes to some host among the kept; the file does not say which. */
    static final int SOME_HOST = -9;
    private static final int FOUND = -10;

    private GoldenDecisions() {
    }

    /**
     * Returns the target of each of an image's {@code count} tokens in block {@code layer}; the identity where none
     * goes.
     */
    static int[] targets(GoldenCase golden, int layer, int image, int count, int prefix) throws IOException {
        String block = golden.name().startsWith("dtps") ? stage(golden, layer, count - prefix) : "block" + layer;
        if (golden.has(block + ".src_idx")) {
            return merged(golden.ints(block + ".src_idx", image), golden.ints(block + ".dst_idx", image), count,
                    prefix);
        }
        if (golden.has(block + ".prune_keep", image) || golden.has(block + ".merge_mask", image)) {
            return thresholded(golden, block, image, count);
        }
        if (golden.has(block + ".keep_idx")) {
            return kept(golden, block, image, count, prefix);
        }
        if (golden.has(block + ".kept")) {
            int[] targets = new int[count];
            int[] kept = golden.ints(block + ".kept", image);
            Arrays.fill(targets, prefix + kept.length);
            for (int i = 0; i < prefix; i++) {
                targets[i] = i;
            }
            for (int i = 0; i < kept.length; i++) {
                targets[kept[i]] = prefix + i;
            }
            return targets;
        }
        return identity(count);
    }

    private static int[] identity(int count) {
        int[] targets = new int[count];
        Arrays.setAll(targets, i -> i);
        return targets;
    }

    private static String stage(GoldenCase golden, int layer, int patches) throws IOException {
        for (int stage = 0; golden.has("stage" + stage + ".keep_idx"); stage++) {
            if (golden.shape("stage" + stage + ".logp")[1] == patches) {
                return "stage" + stage;
            }
        }
        return "no stage before block " + layer;
    }

    /** ToMe: output is the unmerged even positions, then the odd ones; the distillation token, odd, comes second. */
    private static int[] merged(int[] sources, int[] destinations, int count, int prefix) {
        int[] targets = new int[count];
        Arrays.fill(targets, SOME_HOST);
        for (int source : sources) {
            targets[2 * source] = TokenMap.DROPPED;
        }
        int next = 0;
        for (int i = 0; i < prefix; i++) {
            targets[i] = next++;
        }
        for (int parity = 0; parity < 2; parity++) {
            for (int i = parity; i < count; i += 2) {
                targets[i] = targets[i] == SOME_HOST ? next++ : targets[i];
            }
        }
        for (int i = 0; i < sources.length; i++) {
            targets[2 * sources[i]] = targets[2 * destinations[i] + 1];
        }
        return targets;
    }

    /** LTMP: merges into odd positions, order as ToMe's, and then prunes. */
    private static int[] thresholded(GoldenCase golden, String block, int image, int count) throws IOException {
        int[] targets = identity(count);
        int after = count;
        if (golden.has(block + ".merge_mask", image)) {
            int[] mask = golden.ints(block + ".merge_mask", image);
            int[] sources = new int[(int) Arrays.stream(mask).filter(merge -> merge == 1).count()];
            for (int i = 0, at = 0; i < mask.length; i++) {
                if (mask[i] == 1) {
                    sources[at++] = i;
                }
            }
            targets = merged(sources, golden.ints(block + ".dst_idx", image), count, 1);
            after -= sources.length;
        }
        if (golden.has(block + ".prune_keep", image)) {
            int[] keep = golden.ints(block + ".prune_keep", image);
            int[] renumbered = new int[after];
            for (int i = 0, next = 0; i < after; i++) {
                renumbered[i] = keep[i] == 1 ? next++ : TokenMap.DROPPED;
            }
            for (int i = 0; i < count; i++) {
                targets[i] = renumbered[targets[i]];
            }
        }
        return targets;
    }

    /**
     * Methods that keep patches in the order of their scores: the others are dropped, fused into a last one, or
     * squeezed.
     */
    private static int[] kept(GoldenCase golden, String block, int image, int count, int prefix) throws IOException {
        int[] kept = golden.ints(block + ".keep_idx", image);
        boolean squeezes = golden.name().contains("tps");
        int[] targets = new int[count];
        Arrays.fill(targets, squeezes ? SOME_HOST
                : golden.name().equals("evit_fused") ? prefix + kept.length : TokenMap.DROPPED);
        for (int i = 0; i < prefix; i++) {
            targets[i] = i;
        }
        for (int i = 0; i < kept.length; i++) {
            targets[prefix + kept[i]] = prefix + i;
        }
        return targets;
    }

    /** Finds the hosts that TPS's files leave out: of each token without one, the kept token of the largest cosine. */
    static void findHosts(int[] targets, float[] rows, int width, int prefix) {
        for (int i = prefix; i < targets.length; i++) {
            if (targets[i] != SOME_HOST) {
                continue;
            }
            double best = Double.NEGATIVE_INFINITY;
            int host = SOME_HOST;
            for (int j = prefix; j < targets.length; j++) {
                double cosine = Exact.cosine(rows, i * width, j * width, width, 1e-6);
                if (targets[j] >= 0 && cosine > best) {
                    best = cosine;
                    host = j;
                }
            }
            // Marked until the end, so that it is nobody's host itself.
            targets[i] = FOUND - targets[host];
        }
        for (int i = prefix; i < targets.length; i++) {
            targets[i] = targets[i] <= FOUND ? FOUND - targets[i] : targets[i];
        }
    }
}
