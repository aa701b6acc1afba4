package leanvit.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Every vector species of the kernels. No other class names a width, and all species are {@code static final}: kept in
 * a field or passed as an argument, a species makes code 72 times slower, because C2 no longer sees it as a constant.
 */
final class Lanes {

    /** Floats, at the width that {@link Provider} chose (the preferred one where it chose scalar code). */
    static final VectorSpecies<Float> F = floats(Provider.vectorBits());

    /** As many ints as {@link #F} has floats. */
    static final VectorSpecies<Integer> I = ints(F.vectorBitSize());

    /** {@link #FLOATS} of {@link #I}. */
    static final Class<? extends IntVector> INTS = IntVector.zero(I).getClass();

    /** Floats in a vector: 16, 8 or 4. */
    static final int L = F.length();

    /**
     * Kernels that run only a few times per pass leave calls with fewer values than this to the scalar twin, which
     * gives the same bits: until C2 has compiled vector code, it boxes its vectors.
     */
    static final int LEAST_VALUES = 4096;

    /**
     * The class of this width's vectors. Of a vector that a loop carries, C2 knows only that it is a {@link
     * FloatVector}, and has to ask a type profile before it can inline a call on it; {@code FLOATS.cast(v)} tells it
     * the class.
     */
    static final Class<? extends FloatVector> FLOATS = FloatVector.zero(F).getClass();

    /**
     * Whether the processor has 32 vector registers (AVX-512, AArch64), enough for a matmul tile of 5 rows by 3
     * vectors; AVX2 and SSE have 16, which take 5 by 2.
     */
    static final boolean REGISTERS_32 =
            FloatVector.SPECIES_PREFERRED.vectorBitSize() == 512 || System.getProperty("os.arch", "").equals("aarch64");

    private Lanes() {
    }

    private static VectorSpecies<Float> floats(int bits) {
        return switch (bits) {
            case 512 -> FloatVector.SPECIES_512;
            case 256 -> FloatVector.SPECIES_256;
            case 128 -> FloatVector.SPECIES_128;
            default -> FloatVector.SPECIES_PREFERRED;
        };
    }

    private static VectorSpecies<Integer> ints(int bits) {
        return switch (bits) {
            case 512 -> IntVector.SPECIES_512;
            case 256 -> IntVector.SPECIES_256;
            case 128 -> IntVector.SPECIES_128;
            default -> IntVector.SPECIES_PREFERRED;
        };
    }
}
