package leanvit.vit.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;

/** Random access to the bytes of a file that may be longer than one buffer can be. Safe for several threads at once. */
interface ByteSource extends AutoCloseable {

    /** Returns the length in bytes. */
    long size();

    /**
     * Returns the bytes {@code offset .. offset + length - 1} as a little-endian buffer of the caller's own.
     * The range must lie inside the source.
     */
    ByteBuffer window(long offset, int length) throws IOException;

    @Override
    void close() throws IOException;

    /** Returns the bytes of a buffer, position to limit. */
    static ByteSource of(ByteBuffer bytes) {
        ByteBuffer whole = bytes.slice().asReadOnlyBuffer();
        return new ByteSource() {
            @Override
            public long size() {
                return whole.limit();
            }

            @Override
            public ByteBuffer window(long offset, int length) {
                return whole.slice(Math.toIntExact(offset), length).order(ByteOrder.LITTLE_ENDIAN);
            }

            @Override
            public void close() {
            }
        };
    }

    /** Returns the bytes of an open file, mapped: in one piece where that fits a buffer, else window by window. */
    static ByteSource mapped(FileChannel channel) throws IOException {
        long size = channel.size();
        ByteSource whole = size <= Integer.MAX_VALUE ? of(channel.map(MapMode.READ_ONLY, 0, size)) : null;
        return new ByteSource() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public ByteBuffer window(long offset, int length) throws IOException {
                return whole != null ? whole.window(offset, length)
                        : channel.map(MapMode.READ_ONLY, offset, length).order(ByteOrder.LITTLE_ENDIAN);
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }
}
