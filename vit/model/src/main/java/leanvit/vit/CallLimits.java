package leanvit.vit;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * How many calls of a {@link Classifier} run at once, and how long one may take. What a picture may be is
 * {@link leanvit.vit.image.PictureLimits}'s.
 *
 * <p>A call that runs has scratch that the model works in, some 5 MiB for a picture with DeiT-Ti and 11 for eight at
 * once, and leaves it to the next. There is {@code concurrency} times that, at most. Further calls wait their turn,
 * first come, first served: a thousand threads at once cost no more scratch. More calls at once than processors gain
 * nothing.
 *
 * @param concurrency calls at once, at least 1; those of all classifiers that {@code with} made from one count together
 * @param patience    how long a call waits for its turn before it is refused as {@link RefusedException.Reason#BUSY};
 *                    zero refuses at once
 * @param time        how long a call may take in all, waiting included, before it ends as
 *                    {@link RefusedException.Reason#DEADLINE}; looked at before each picture and each block
 * @param idle        after how long scratch that nobody used is given back; the next call makes new scratch
 * @param batch       the most pictures that go through the model together where a call brings many; at least 1
 */
public record CallLimits(int concurrency, Duration patience, Duration time, Duration idle, int batch) {

    /** As long as it takes. */
    public static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    private static final int USUAL_BATCH = 8;
    private static final Duration USUAL_IDLE = Duration.ofMinutes(1);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a number is below 1 or a duration negative
     * @throws NullPointerException     if a duration is null
     */
    public CallLimits {
        if (concurrency < 1 || batch < 1) {
            throw new IllegalArgumentException("concurrency is " + concurrency + " and batch " + batch
                    + ", expected 1 or more");
        }
        checkNotNegative("patience", patience);
        checkNotNegative("time", time);
        checkNotNegative("idle", idle);
    }

    private static void checkNotNegative(String name, Duration duration) {
        if (Objects.requireNonNull(duration, name).isNegative()) {
            throw new IllegalArgumentException(name + " is " + duration + ", expected 0 or more");
        }
    }

    /**
     * Returns limits for a program that has the machine to itself: as many calls at once as there are processors, any
     * wait, any time; scratch is given back after a minute; batches of 8.
     */
    public static CallLimits usual() {
        return new CallLimits(Math.max(1, Runtime.getRuntime().availableProcessors()), FOREVER, FOREVER, USUAL_IDLE,
                USUAL_BATCH);
    }

    /** Returns the same with so many calls at once. */
    public CallLimits withConcurrency(int calls) {
        return new CallLimits(calls, patience, time, idle, batch);
    }

    /** Returns the same with another wait for a call's turn. */
    public CallLimits withPatience(Duration longest) {
        return new CallLimits(concurrency, longest, time, idle, batch);
    }

    /** Returns the same with another time for a whole call. */
    public CallLimits withTime(Duration longest) {
        return new CallLimits(concurrency, patience, longest, idle, batch);
    }

    /** Returns the same with another time that idle scratch is kept. */
    public CallLimits withIdle(Duration longest) {
        return new CallLimits(concurrency, patience, time, longest, batch);
    }

    /** Returns the same with other batches. */
    public CallLimits withBatch(int pictures) {
        return new CallLimits(concurrency, patience, time, idle, pictures);
    }

    /** Returns a duration in nanoseconds; half of what a long holds, 146 years, stands for more. */
    static long nanos(Duration duration) {
        return duration.compareTo(Duration.ofNanos(Long.MAX_VALUE / 2)) >= 0 ? Long.MAX_VALUE / 2 : duration.toNanos();
    }
}
