package leanvit.vit.weights;

/** The element types of safetensors files, under the names that the files use. */
public enum DType {
    /** One byte, 0 or 1. */
    BOOL(8),
    /** Float of four bits; not decoded. */
    F4(4, false),
    /** Float of six bits, 2 of them exponent; not decoded. */
    F6_E2M3(6, false),
    /** Float of six bits, 3 of them exponent; not decoded. */
    F6_E3M2(6, false),
    /** Unsigned byte. */
    U8(8),
    /** Signed byte. */
    I8(8),
    /** Eight-bit float, 5 exponent bits. */
    F8_E5M2(8),
    /** Eight-bit float, 4 exponent bits. */
    F8_E4M3(8),
    /** Eight-bit float, 5 exponent bits, without infinities and negative zero; not decoded. */
    F8_E5M2FNUZ(8, false),
    /** Eight-bit float, 4 exponent bits, without infinities and negative zero; not decoded. */
    F8_E4M3FNUZ(8, false),
    /** A power of two in eight bits, a scale of others; not decoded. */
    F8_E8M0(8, false),
    /** Signed 16-bit integer. */
    I16(16),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** IEEE 754 binary16. */
    F16(16),
    /** The upper half of an IEEE 754 binary32. */
    BF16(16),
    /** Signed 32-bit integer. */
    I32(32),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** IEEE 754 binary32. */
    F32(32),
    /** A complex number of two binary32; not decoded. */
    C64(64, false),
    /** IEEE 754 binary64. */
    F64(64),
    /** Signed 64-bit integer. */
    I64(64),
    /** Unsigned 64-bit integer. */
    U64(64);

    private final int bits;
    private final boolean decoded;

    DType(int bits) {
        this(bits, true);
    }

    DType(int bits, boolean decoded) {
        this.bits = bits;
        this.decoded = decoded;
    }

    /** Returns the bits of one element. */
    public int bits() {
        return bits;
    }

    /** Returns the bytes of one element, rounded up. */
    public int bytes() {
        return (bits + Byte.SIZE - 1) / Byte.SIZE;
    }

    /** Returns whether elements become floats here; a file may hold others, which no model here reads. */
    boolean isDecoded() {
        return decoded;
    }

    /** Returns the type of that name, or null. */
    static DType of(String name) {
        for (DType type : values()) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return null;
    }
}
