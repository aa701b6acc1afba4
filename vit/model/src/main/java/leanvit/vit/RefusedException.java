package leanvit.vit;

import java.util.Objects;

/**
 * A call that was not answered though nothing is wrong with what it asked: there is no room now, its time is up, or
 * nobody wants the answer any more. The same call may be answered later. What is wrong with a picture is an
 * {@link leanvit.vit.io.InvalidInputException}.
 */
public final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why a call was refused. */
    public enum Reason {
        /** As many calls as {@link CallLimits} allows were under way for as long as it lets one wait. */
        BUSY,
        /** The {@link Batcher}'s queue is full. */
        QUEUE_FULL,
        /** The call's time was up before it had its answer. */
        DEADLINE,
        /** The thread was interrupted; it still is. */
        INTERRUPTED,
        /** Nobody waits for the answer any more. */
        CANCELLED,
        /** The {@link Classifier} or {@link Batcher} is closed. */
        CLOSED
    }

    /** Why. */
    private final Reason reason;

    /** Makes an exception with its one-line message. */
    public RefusedException(Reason reason, String message) {
        super(message);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /** Returns why; never null. */
    public Reason reason() {
        return reason;
    }
}
