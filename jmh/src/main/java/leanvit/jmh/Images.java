package leanvit.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Counts images and multiply-accumulates. In average time, JMH's line {@code :image} is the time an image took, and
 * {@code :gmac} the time a thousand million multiply-accumulates took: that of the dense model over that of a reducer
 * is the share of the possible speed-up that the reducer has.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Images {

    public double image;
    public double gmac;

    @Setup(Level.Iteration)
    public void reset() {
        image = 0;
        gmac = 0;
    }

    /** Adds a pass. */
    public void add(int images, long macs) {
        image += images;
        gmac += macs * 1e-9;
    }
}
