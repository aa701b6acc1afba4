package leanvit.vit.weights;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Random access to the bytes of a file that may be longer than one buffer can be. Safe for several threads at once. */
interface ByteSource extends AutoCloseable {

    /** Returns the length in bytes. */
    long size();

    /**
     * Copies the bytes from {@code offset} on into a buffer, from its position to its limit, which becomes its
     * position. The range must lie inside the source.
     *
     * @throws EOFException if the file has become shorter meanwhile
     */
    void read(long offset, ByteBuffer into) throws IOException;

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
            public void read(long offset, ByteBuffer into) {
                into.put(whole.slice(Math.toIntExact(offset), into.remaining()));
            }

            @Override
            public void close() {
            }
        };
    }

    /**
     * Returns the bytes of an open file. It is read rather than mapped: the pages of a mapped file count as the
     * process' memory, beside the weights that were made of them.
     */
    static ByteSource of(FileChannel channel) throws IOException {
        long size = channel.size();
        return new ByteSource() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void read(long offset, ByteBuffer into) throws IOException {
                long at = offset;
                while (into.hasRemaining()) {
                    int count = channel.read(into, at);
                    if (count < 0) {
                        throw new EOFException("the file ends at byte " + channel.size() + ", it had " + size);
                    }
                    at += count;
                }
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }
}
