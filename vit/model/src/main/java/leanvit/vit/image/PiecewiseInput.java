package leanvit.vit.image;

import java.util.ArrayList;
import java.util.List;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * A stream over parts of arrays, one after another; the JDK's own copies all it reads, to a file unless a JVM-wide
 * switch is off.
 */
final class PiecewiseInput extends ImageInputStreamImpl {

    private record Piece(byte[] bytes, int from, int to) {
    }

    private final List<Piece> pieces = new ArrayList<>();
    /** The piece that the last byte came from, and where in the stream it begins. */
    private int current;
    private long start;

    /** Appends {@code bytes[from, to)}. */
    void add(byte[] bytes, int from, int to) {
        int last = pieces.size() - 1;
        if (last >= 0 && pieces.get(last).bytes == bytes && pieces.get(last).to == from) {
            pieces.set(last, new Piece(bytes, pieces.get(last).from, to));
        } else {
            pieces.add(new Piece(bytes, from, to));
        }
    }

    /** Puts an array in behind the first {@code length} bytes of the first part, before anything is read. */
    void insertAfter(int length, byte[] bytes) {
        Piece first = pieces.get(0);
        pieces.set(0, new Piece(first.bytes, first.from, first.from + length));
        pieces.add(1, new Piece(bytes, 0, bytes.length));
        pieces.add(2, new Piece(first.bytes, first.from + length, first.to));
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int count) {
        bitOffset = 0;
        if (streamPos < start) {
            current = 0;
            start = 0;
        }
        for (; current < pieces.size(); current++) {
            Piece piece = pieces.get(current);
            int length = piece.to - piece.from;
            if (streamPos < start + length) {
                int from = piece.from + (int) (streamPos - start);
                int n = Math.min(count, piece.to - from);
                System.arraycopy(piece.bytes, from, to, offset, n);
                streamPos += n;
                return n;
            }
            start += length;
        }
        start = 0;
        current = 0;
        return count == 0 ? 0 : -1;
    }

    @Override
    public long length() {
        return pieces.stream().mapToLong(piece -> piece.to - piece.from).sum();
    }
}
