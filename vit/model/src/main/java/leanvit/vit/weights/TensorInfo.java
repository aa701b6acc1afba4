package leanvit.vit.weights;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param shape  never negative; the product fits a long, as does the size in bits, which make whole bytes
 * @param offset bytes from the start of the file
 */
record TensorInfo(String name, DType dtype, int[] shape, long offset) {

    /** Returns the product of the shape; 1 for a scalar. */
    long elements() {
        long product = 1;
        for (int side : shape) {
            product *= side;
        }
        return product;
    }

    /** Returns the size in bytes. */
    long bytes() {
        return elements() * dtype.bits() / Byte.SIZE;
    }
}
