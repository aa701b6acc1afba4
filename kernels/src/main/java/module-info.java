/** SIMD kernels for Vision Transformers: {@code float[]} in, {@code float[]} out. */
module leanvit.kernels {
    requires jdk.incubator.vector;

    exports leanvit.kernels;
}
