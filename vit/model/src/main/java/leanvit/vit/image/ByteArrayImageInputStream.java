package leanvit.vit.image;

import javax.imageio.stream.ImageInputStreamImpl;

/** A stream over an array; the JDK's own copies all it reads, to a file unless a JVM-wide switch is off. */
final class ByteArrayImageInputStream extends ImageInputStreamImpl {

    private final byte[] bytes;
    private final int length;

    ByteArrayImageInputStream(byte[] bytes, int length) {
        this.bytes = bytes;
        this.length = length;
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < length ? bytes[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int count) {
        bitOffset = 0;
        if (count == 0) {
            return 0;
        }
        if (streamPos >= length) {
            return -1;
        }
        int n = (int) Math.min(count, length - streamPos);
        System.arraycopy(bytes, (int) streamPos, to, offset, n);
        streamPos += n;
        return n;
    }

    @Override
    public long length() {
        return length;
    }
}
