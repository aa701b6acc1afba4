package leanvit.kernels;

import jdk.incubator.vector.FloatVector;

/**
 * Asks whether the Vector API is there and how wide this processor is; apart from {@link Lanes}, which depends on the
 * answer. Loads without the incubator module.
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
