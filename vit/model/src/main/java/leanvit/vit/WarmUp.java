package leanvit.vit;

import java.time.Duration;

/**
 * How a {@link Classifier} got warm.
 *
 * @param took   all of it
 * @param passes pictures that it took
 * @param first  the first one
 * @param last   the median of the last ones
 * @param steady whether times had settled; false where the time was up before
 */
public record WarmUp(Duration took, int passes, Duration first, Duration last, boolean steady) {

    @Override
    public String toString() {
        return passes + " pictures in " + took.toMillis() + " ms, the first in " + first.toMillis()
                + " ms, the last in " + last.toNanos() / 10_000 / 100.0 + " ms each"
                + (steady ? "" : "; not yet steady");
    }
}
