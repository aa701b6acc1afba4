package leanvit.vit.train;

/** Watches a run, and may stop it. Called by the thread that trains. */
@FunctionalInterface
public interface TrainingListener {

    /**
     * Takes note of a step.
     *
     * @return whether to go on; a run that is stopped saves its checkpoint first
     */
    boolean step(TrainingProgress progress);

    /**
     * Takes note of a picture that cannot be used and is left out from now on.
     *
     * @param problem one line that names it
     */
    default void skipped(String problem) {
        // Counted in the progress.
    }
}
