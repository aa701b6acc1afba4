package leanvit.app.eval;

/**
 * Looks up answers in logits: higher logit first, then lower class; NaN never wins. A single logit is a yes (class 1)
 * where it is above 0, and else a no (class 0).
 */
final class LogitRanks {

    private LogitRanks() {
    }

    /** Returns how many answers a model of so many classes can give. */
    static int answers(int classes) {
        return Math.max(classes, 2);
    }

    /** Returns the class of the largest logit, or -1 where all are NaN. */
    static int first(float[] logits, int offset, int classes) {
        if (classes == 1) {
            return Float.isNaN(logits[offset]) ? -1 : logits[offset] > 0 ? 1 : 0;
        }
        int best = -1;
        for (int c = 0; c < classes; c++) {
            if (!Float.isNaN(logits[offset + c]) && (best < 0 || logits[offset + c] > logits[offset + best])) {
                best = c;
            }
        }
        return best;
    }

    /** Returns how many answers come before {@code label}; all where its logit is NaN. */
    static int of(int label, float[] logits, int offset, int classes) {
        if (classes == 1) {
            int answer = first(logits, offset, classes);
            return answer < 0 ? answers(classes) : Math.abs(label - answer);
        }
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
