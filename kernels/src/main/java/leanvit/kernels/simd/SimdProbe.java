package leanvit.kernels.simd;

import jdk.incubator.vector.FloatVector;

/** Asks the Vector API for this processor's width; apart from {@link Lanes}, which depends on the answer. */
public final class SimdProbe {

    private SimdProbe() {
    }

    /** Returns the bits of the preferred float vector. */
    public static int preferredBits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }
}
