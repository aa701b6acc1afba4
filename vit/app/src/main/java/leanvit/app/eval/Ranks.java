package leanvit.app.eval;

/** Looks up answers in logits: higher logit first, then lower class; NaN never wins. */
final class Ranks {

    private Ranks() {
    }

    /** Returns the class of the largest logit, or -1 where all are NaN. */
    static int first(float[] logits, int offset, int classes) {
        int best = -1;
        for (int c = 0; c < classes; c++) {
            if (!Float.isNaN(logits[offset + c]) && (best < 0 || logits[offset + c] > logits[offset + best])) {
                best = c;
            }
        }
        return best;
    }

    /** Returns how many classes come before {@code label}; {@code classes} where its logit is NaN. */
    static int of(int label, float[] logits, int offset, int classes) {
        float own = logits[offset + label];
        if (Float.isNaN(own)) {
            return classes;
        }
        int before = 0;
        for (int c = 0; c < classes; c++) {
            float other = logits[offset + c];
            if (other > own || other == own && c < label) {
                before++;
            }
        }
        return before;
    }
}
