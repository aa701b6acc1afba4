package leanvit.vit.embed;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.Json;
import leanvit.vit.json.JsonException;
import leanvit.vit.json.JsonWriter;

/**
 * The vectors that a run has made so far, in a file of our own, so that one that stopped goes on where it was, however
 * it ended: each is added at the end with a checksum, and what a killed process left half-written is cut off. Only
 * names and places are held in memory.
 *
 * <pre>
 *   "LEANVIT EMBEDDINGS 1\n", int length, JSON: the settings
 *   per vector: int length, name in UTF-8, long stamp, D floats, int CRC-32 of all that
 * </pre>
 *
 * Little-endian. One process at a time can have it open. Not safe for use by several threads at once.
 */
public final class EmbeddingLog implements Closeable {

    private static final byte[] MAGIC = "LEANVIT EMBEDDINGS 1\n".getBytes(StandardCharsets.US_ASCII);
    /** What a name, and the settings, may take. */
    private static final int MOST_TEXT = 1 << 20;

    private record Entry(long stamp, long at) {
    }

    private final Path file;
    private final int width;
    private final FileChannel channel;
    private final Map<String, Entry> entries = new HashMap<>();
    private long end;

    private EmbeddingLog(Path file, int width, FileChannel channel) {
        this.file = file;
        this.width = width;
        this.channel = channel;
    }

    /**
     * Opens a log, or begins one where there is none.
     *
     * @param settings what makes the vectors what they are: model, reducer, ...
     * @param width    values of each
     * @throws InvalidInputException if the file is no such log, of a run with other settings, or in use
     * @throws IOException           if it cannot be read or written
     */
    public static EmbeddingLog open(Path file, Map<String, String> settings, int width) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        try {
            if (lock(channel) == null) {
                throw new InvalidInputException(file, "is in use by another run");
            }
            EmbeddingLog log = new EmbeddingLog(file, width, channel);
            log.begin(new TreeMap<>(settings));
            return log;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private void begin(TreeMap<String, String> settings) throws IOException {
        settings.put("width", Integer.toString(width));
        byte[] json = new JsonWriter().tree(settings).toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer header = buffer(MAGIC.length + Integer.BYTES + json.length).put(MAGIC).putInt(json.length).put(json);
        if (channel.size() == 0) {
            write(header.flip());
            return;
        }
        try {
            byte[] magic = new byte[MAGIC.length];
            read(MAGIC.length).get(magic);
            if (!Arrays.equals(magic, MAGIC)) {
                throw new InvalidInputException(file, "is no file of a run that stopped; it would be overwritten");
            }
            check(settings, Json.parse(text()));
            while (end < channel.size()) {
                readEntry();
            }
        } catch (EOFException e) {
            channel.truncate(end);
        } catch (JsonException | BufferUnderflowException e) {
            throw new InvalidInputException(file, "is damaged: delete it to begin anew", e);
        }
    }

    private void check(TreeMap<String, String> settings, Object before) throws InvalidInputException {
        for (Map.Entry<String, String> setting : settings.entrySet()) {
            Object was = before instanceof Map<?, ?> all ? all.get(setting.getKey()) : null;
            if (!setting.getValue().equals(was)) {
                throw new InvalidInputException(file, "is of another run: its " + setting.getKey() + " was "
                        + JsonWriter.quoteShort(String.valueOf(was)) + ", not "
                        + JsonWriter.quoteShort(setting.getValue()) + "; delete it to begin anew");
            }
        }
    }

    /** Reads a vector's record, and cuts the file off before one that is damaged. */
    private void readEntry() throws IOException {
        long start = end;
        try {
            ByteBuffer length = read(Integer.BYTES);
            int bytes = length.getInt(0);
            if (bytes < 0 || bytes > MOST_TEXT) {
                throw new EOFException();
            }
            ByteBuffer rest = read(bytes + Long.BYTES + width * Float.BYTES + Integer.BYTES);
            CRC32 crc = new CRC32();
            crc.update(length.duplicate().rewind());
            crc.update(rest.duplicate().rewind().limit(rest.capacity() - Integer.BYTES));
            if ((int) crc.getValue() != rest.getInt(rest.capacity() - Integer.BYTES)) {
                throw new EOFException();
            }
            String name = new String(rest.array(), 0, bytes, StandardCharsets.UTF_8);
            entries.put(name, new Entry(rest.getLong(bytes), start + Integer.BYTES + bytes + Long.BYTES));
        } catch (EOFException e) {
            end = start;
            throw e;
        }
    }

    private String text() throws IOException {
        int length = read(Integer.BYTES).getInt();
        if (length < 0 || length > MOST_TEXT) {
            throw new InvalidInputException(file, "is damaged: delete it to begin anew");
        }
        return new String(read(length).array(), StandardCharsets.UTF_8);
    }

    private static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads so many bytes from {@link #end} on. */
    private ByteBuffer read(int length) throws IOException {
        ByteBuffer buffer = readAt(end, length);
        end += length;
        return buffer;
    }

    private ByteBuffer readAt(long at, int length) throws IOException {
        ByteBuffer buffer = buffer(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw new EOFException(file + ": ended early");
            }
        }
        return buffer.flip();
    }

    private void write(ByteBuffer bytes) throws IOException {
        long at = end;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
        end = at;
    }

    /** Returns whether there is a vector of this name and stamp. */
    public boolean has(String name, long stamp) {
        Entry entry = entries.get(name);
        return entry != null && entry.stamp == stamp;
    }

    /**
     * Adds a vector; it takes the place of an earlier one of the same name.
     *
     * @param stamp tells whether what was embedded is still the same, such as a file's time
     * @throws IllegalArgumentException if the vector has another width, or the name more than a million bytes
     */
    public void add(String name, long stamp, float[] vector) throws IOException {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        if (vector.length != width || text.length > MOST_TEXT) {
            throw new IllegalArgumentException("a vector of " + vector.length + " values and a name of " + text.length
                    + " bytes, expected " + width + " and at most " + MOST_TEXT);
        }
        ByteBuffer record = buffer(2 * Integer.BYTES + text.length + Long.BYTES + width * Float.BYTES)
                .putInt(text.length).put(text).putLong(stamp);
        long at = end + record.position();
        for (float value : vector) {
            record.putFloat(value);
        }
        CRC32 crc = new CRC32();
        crc.update(record.duplicate().flip());
        write(record.putInt((int) crc.getValue()).flip());
        entries.put(name, new Entry(stamp, at));
    }

    /**
     * Returns vectors that the log has, in the order of their names; to be used before it is closed.
     *
     * @throws IllegalArgumentException if it lacks one
     */
    public Embeddings embeddings(List<String> names) {
        for (String name : names) {
            if (!entries.containsKey(name)) {
                throw new IllegalArgumentException("no vector of " + JsonWriter.quoteShort(name));
            }
        }
        return new Embeddings() {
            @Override
            public int size() {
                return names.size();
            }

            @Override
            public int width() {
                return width;
            }

            @Override
            public String name(int index) {
                return names.get(index);
            }

            @Override
            public void vector(int index, float[] to) throws IOException {
                readAt(entries.get(names.get(index)).at, width * Float.BYTES).asFloatBuffer().get(to, 0, width);
            }
        };
    }

    /** Closes the file, which stays. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
