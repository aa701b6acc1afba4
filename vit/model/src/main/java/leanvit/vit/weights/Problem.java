package leanvit.vit.weights;

import java.util.Set;
import leanvit.vit.io.InvalidInputException;

/** What a config's {@code problem_type} makes of the logits. */
final class Problem {

    private static final String MULTI_LABEL = "multi_label_classification";
    private static final Set<String> KNOWN = Set.of("regression", "single_label_classification", MULTI_LABEL);

    private Problem() {
    }

    /**
     * Returns whether each logit goes through a sigmoid of its own rather than all through a softmax, as in
     * transformers' image-classification pipeline: several labels may hold at once, or there is but one output,
     * whatever the problem's type.
     */
    static boolean isSigmoid(Fields root, int classes) throws InvalidInputException {
        String problem = root.string("problem_type", "");
        if (!problem.isEmpty() && !KNOWN.contains(problem)) {
            throw root.unsupported("problem_type");
        }
        return problem.equals(MULTI_LABEL) || classes == 1;
    }
}
