/**
 * SIMD kernels for Vision Transformers. One class an operation; {@code float[]} with offset and stride in and out.
 *
 * <p>One alphabet of shapes: B images, N tokens, C width, H heads, d head width, K kept, r removed. Matrices are
 * row-major; a stride counts floats from one row's start to the next. All methods are thread-safe on disjoint outputs
 * and allocate nothing.
 */
package leanvit.kernels;
