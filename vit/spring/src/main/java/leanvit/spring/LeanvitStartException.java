package leanvit.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** The classifier cannot be made; says what is wrong in a line, and what to do. */
class LeanvitStartException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What to do. */
    private final String action;

    LeanvitStartException(String message, String action, Throwable cause) {
        super(message, cause);
        this.action = action;
    }

    /** Lets Boot print message and action in place of a stack trace. */
    static final class Analyzer extends AbstractFailureAnalyzer<LeanvitStartException> {

        @Override
        protected FailureAnalysis analyze(Throwable root, LeanvitStartException problem) {
            return new FailureAnalysis("LeanViT cannot start: " + problem.getMessage(), problem.action, problem);
        }
    }
}
