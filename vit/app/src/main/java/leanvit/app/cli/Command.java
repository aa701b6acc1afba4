package leanvit.app.cli;

import java.io.IOException;

/** One command of the command line; stateless. To be found it stands in {@link Main}'s list. */
interface Command {

    /** Exit status of a command that did what was asked. */
    int DONE = 0;
    /** Exit status of a command that failed, in whole or in part. */
    int FAILED = 1;
    /** Exit status of a command line that cannot be, whatever the files that it names hold. */
    int WRONG_USAGE = 2;

    /** Returns what the command accepts; the options that every command has come by themselves. */
    Syntax syntax();

    /**
     * Returns whether the work is over before C2 has compiled the kernels well, so that a JVM had better start fast
     * than run fast: that of a few pictures.
     */
    default boolean isShort(Options options) {
        return false;
    }

    /**
     * Returns whether the command runs until it is told to stop, and then comes to an end of its own: a launcher passes
     * the signal on and waits.
     */
    default boolean endsInOrder() {
        return false;
    }

    /**
     * Does the command's work.
     *
     * @return {@link #DONE}, or {@link #FAILED} where what failed has been reported to the terminal
     * @throws UsageException           where the options cannot be: one line, {@link #WRONG_USAGE}
     * @throws IOException              whose message is the one line that the user sees, {@link #FAILED}
     * @throws IllegalArgumentException likewise, from the library
     */
    int run(Options options, Terminal terminal) throws IOException, UsageException;
}
