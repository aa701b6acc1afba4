package leanvit.vit.image;

import java.io.ByteArrayOutputStream;
import java.util.Random;
import javax.imageio.plugins.jpeg.JPEGHuffmanTable;

/**
 * A baseline JPEG of blocks of one sample each, with any sampling factors, restart intervals and table numbers: what it
 * decodes to follows from the samples without a transform. Written from ITU-T T.81, for tests alone.
 *
 * <p>The quantiser is 8, so that a block of samples v has the DC coefficient v - 128 and nothing else.
 */
final class FlatBlocksJpeg {

    final int width;
    final int height;
    /** Horizontal and vertical sampling factor of each component. */
    final int[][] sampling;
    /** Samples of the components' blocks, [component][row][column]. */
    final int[][][] blocks;
    int restartInterval;
    int table;
    int[] ids = {1, 2, 3, 4};
    /** Segments between SOI and the tables, whole. */
    byte[] segments = {};
    /** Added to each restart marker's number. */
    int restartShift;
    /** The restart marker that is left out, or -1. */
    int lostRestart = -1;
    boolean tellRestarts = true;
    /** Whether one scan has all components; else each has a scan of its own. */
    boolean interleaved = true;
    /** Where the first scan's data begin in what {@link #write} returned. */
    int dataStart;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int bits;
    private int bitCount;

    FlatBlocksJpeg(int width, int height, int[][] sampling, long seed) {
        this.width = width;
        this.height = height;
        this.sampling = sampling;
        Random random = new Random(seed);
        blocks = new int[sampling.length][][];
        for (int c = 0; c < sampling.length; c++) {
            blocks[c] = new int[mcuRows() * vertical(c)][mcuColumns() * horizontal(c)];
            for (int[] row : blocks[c]) {
                for (int x = 0; x < row.length; x++) {
                    row[x] = 60 + random.nextInt(136);
                }
            }
        }
    }

    private int horizontal(int c) {
        return sampling.length == 1 ? 1 : sampling[c][0];
    }

    private int vertical(int c) {
        return sampling.length == 1 ? 1 : sampling[c][1];
    }

    int most(int direction) {
        int most = 1;
        for (int c = 0; sampling.length > 1 && c < sampling.length; c++) {
            most = Math.max(most, sampling[c][direction]);
        }
        return most;
    }

    int mcuColumns() {
        return (width + 8 * most(0) - 1) / (8 * most(0));
    }

    int mcuRows() {
        return (height + 8 * most(1) - 1) / (8 * most(1));
    }

    byte[] write() {
        bytes(0xff, 0xd8);
        out.writeBytes(segments);
        bytes(0xff, 0xdb, 0, 67, 0);
        for (int i = 0; i < 64; i++) {
            out.write(8);
        }
        bytes(0xff, 0xc0, 0, 8 + 3 * sampling.length, 8, height >> 8, height, width >> 8, width, sampling.length);
        for (int c = 0; c < sampling.length; c++) {
            bytes(ids[c], sampling[c][0] << 4 | sampling[c][1], 0);
        }
        huffman(0, JPEGHuffmanTable.StdDCLuminance);
        huffman(1, JPEGHuffmanTable.StdACLuminance);
        if (restartInterval > 0 && tellRestarts) {
            bytes(0xff, 0xdd, 0, 4, restartInterval >> 8, restartInterval);
        }
        if (interleaved) {
            scanHeader(0, sampling.length);
            scan();
        } else {
            for (int c = 0; c < sampling.length; c++) {
                scanHeader(c, c + 1);
                scan(c);
            }
        }
        bytes(0xff, 0xd9);
        return out.toByteArray();
    }

    private void scanHeader(int from, int to) {
        bytes(0xff, 0xda, 0, 6 + 2 * (to - from), to - from);
        for (int c = from; c < to; c++) {
            bytes(ids[c], table << 4 | table);
        }
        bytes(0, 63, 0);
        dataStart = dataStart == 0 ? out.size() : dataStart;
    }

    /** A scan of one component has the blocks that its samples fill, and none of those that fill up a unit. */
    private void scan(int c) {
        int rows = (height * vertical(c) + 8 * most(1) - 1) / (8 * most(1));
        int columns = (width * horizontal(c) + 8 * most(0) - 1) / (8 * most(0));
        int before = 0;
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                before = block(c, row, column, before);
            }
        }
        flush();
    }

    /** Writes a block and returns its DC coefficient. */
    private int block(int c, int row, int column, int before) {
        int dc = blocks[c][row][column] - 128;
        int difference = dc - before;
        int size = 32 - Integer.numberOfLeadingZeros(Math.abs(difference));
        code(JPEGHuffmanTable.StdDCLuminance, size);
        put(difference < 0 ? difference - 1 : difference, size);
        code(JPEGHuffmanTable.StdACLuminance, 0); // end of block
        return dc;
    }

    private void scan() {
        int[] before = new int[sampling.length];
        int mcus = mcuRows() * mcuColumns();
        for (int mcu = 0; mcu < mcus; mcu++) {
            if (restartInterval > 0 && mcu > 0 && mcu % restartInterval == 0) {
                flush();
                int number = mcu / restartInterval - 1;
                if (number != lostRestart) {
                    bytes(0xff, 0xd0 + (number + restartShift & 7));
                }
                before = new int[sampling.length];
            }
            for (int c = 0; c < sampling.length; c++) {
                for (int i = 0; i < horizontal(c) * vertical(c); i++) {
                    int row = mcu / mcuColumns() * vertical(c) + i / horizontal(c);
                    int column = mcu % mcuColumns() * horizontal(c) + i % horizontal(c);
                    before[c] = block(c, row, column, before[c]);
                }
            }
        }
        flush();
    }

    private void huffman(int kind, JPEGHuffmanTable standard) {
        bytes(0xff, 0xc4, 0, 2 + 17 + standard.getValues().length, kind << 4 | table);
        for (int i = 0; i < 16; i++) {
            out.write(i < standard.getLengths().length ? standard.getLengths()[i] : 0);
        }
        for (short value : standard.getValues()) {
            out.write(value);
        }
    }

    private void code(JPEGHuffmanTable table, int value) {
        int code = 0;
        int at = 0;
        for (int length = 1; length <= table.getLengths().length; length++, code <<= 1) {
            for (int i = 0; i < table.getLengths()[length - 1]; i++, code++, at++) {
                if (table.getValues()[at] == value) {
                    put(code, length);
                    return;
                }
            }
        }
        throw new AssertionError("no code for " + value);
    }

    private void put(int value, int count) {
        for (int i = count - 1; i >= 0; i--) {
            bits = bits << 1 | value >> i & 1;
            if (++bitCount == 8) {
                out.write(bits);
                if ((bits & 0xff) == 0xff) {
                    out.write(0);
                }
                bits = 0;
                bitCount = 0;
            }
        }
    }

    private void flush() {
        while (bitCount != 0) {
            put(1, 1);
        }
    }

    private void bytes(int... values) {
        for (int value : values) {
            out.write(value);
        }
    }

    /** Returns one component of all pixels, [height][width]: enlarged by two by the triangle filter, else repeated. */
    int[][] component(int c) {
        int across = most(0) / horizontal(c);
        int down = most(1) / vertical(c);
        int rows = (height + down - 1) / down;
        int columns = (width + across - 1) / across;
        int[][] plane = new int[height][width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int row = y / down;
                int column = x / across;
                int nextRow = clamp(y % 2 == 0 ? row - 1 : row + 1, rows);
                int nextColumn = clamp(x % 2 == 0 ? column - 1 : column + 1, columns);
                int here = sample(c, row, column);
                if (across == 2 && down == 2) {
                    int near = 3 * here + sample(c, nextRow, column);
                    int far = 3 * sample(c, row, nextColumn) + sample(c, nextRow, nextColumn);
                    plane[y][x] = 3 * near + far + (x % 2 == 0 ? 8 : 7) >> 4;
                } else if (across == 2 && down == 1) {
                    plane[y][x] = 3 * here + sample(c, row, nextColumn) + (x % 2 == 0 ? 1 : 2) >> 2;
                } else if (across == 1 && down == 2) {
                    plane[y][x] = 3 * here + sample(c, nextRow, column) + (y % 2 == 0 ? 1 : 2) >> 2;
                } else {
                    plane[y][x] = here;
                }
            }
        }
        return plane;
    }

    private static int clamp(int i, int count) {
        return Math.max(0, Math.min(count - 1, i));
    }

    private int sample(int c, int row, int column) {
        return blocks[c][row / 8][column / 8];
    }
}
