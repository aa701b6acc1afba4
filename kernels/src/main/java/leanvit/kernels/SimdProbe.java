package leanvit.kernels;

import jdk.incubator.vector.FloatVector;

/**
 * Finds out whether the Vector API is there and how wide this processor's vectors are. It loads without the incubator
 * module, and stands apart from {@link Lanes}, which depends on the answer.
 */
final class SimdProbe {

    /** Whether the incubator module of the Vector API is among this JVM's modules. */
    static final boolean MODULE_PRESENT = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    private SimdProbe() {
    }

    /** Returns the bits of the preferred float vector. */
    static int preferredBits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }
}
