package leanvit.vit.weights;

import static leanvit.vit.weights.SafeTensorsTest.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each way in which a file can be no safetensors file gets one line that names the file, the tensor and what is wrong.
 */
class SafeTensorsBadInputTest {

    @TempDir
    private Path directory;

    private void assertRefused(byte[] content, String problem) throws IOException {
        Path path = directory.resolve("bad.safetensors");
        Files.write(path, content);
        assertThatThrownBy(() -> SafeTensors.open(path)).isInstanceOf(InvalidInputException.class)
                .hasMessage(path + ": " + problem);
        assertThatThrownBy(() -> SafeTensors.of(ByteBuffer.wrap(content), path))
                .isInstanceOf(InvalidInputException.class).hasMessage(path + ": " + problem);
    }

    @Test
    void noSuchFileOrADirectory() {
        assertThatThrownBy(() -> SafeTensors.open(directory.resolve("none")))
                .isInstanceOf(InvalidInputException.class).hasMessage(directory.resolve("none") + ": no such file");
        assertThatThrownBy(() -> SafeTensors.open(directory)).isInstanceOf(InvalidInputException.class)
                .hasMessage(directory + ": a directory; expected a safetensors file");
    }

    @Test
    void emptyOrTooShort() throws IOException {
        assertRefused(new byte[0], "the file is empty");
        assertRefused(new byte[7], "no safetensors file: 7 bytes, fewer than the 8 of the header's length");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, 1L << 62, Long.MAX_VALUE, 100_000_001})
    void headerLengthOutOfRange(long length) throws IOException {
        byte[] content = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
        assertRefused(content, "no safetensors file: expected a header of 1 to 100000000 bytes, came a length of "
                + Long.toUnsignedString(length));
    }

    @Test
    void headerBeyondTheFile() throws IOException {
        byte[] content = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN).putLong(93).array();
        assertRefused(content, "truncated: the header takes 93 bytes, but only 92 follow its length");
    }

    @Test
    void everyTruncationOfAGoodFile() throws IOException {
        byte[] good = file("{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", new byte[8]);
        for (int length = 0; length < good.length; length++) {
            byte[] part = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> SafeTensors.of(ByteBuffer.wrap(part), directory)).as("%d bytes", length)
                    .isInstanceOf(InvalidInputException.class);
        }
        assertThat(SafeTensors.of(ByteBuffer.wrap(good), directory).floats("t")).containsExactly(0, 0);
    }

    @Test
    void headerThatIsNoJsonObject() throws IOException {
        assertRefused(file("[]"), "no safetensors file: the header does not start with '{'");
        assertRefused(file(" []"), "no safetensors file: the header does not start with '{'");
        assertRefused(file("{\"t\":"), "the header cannot be read as JSON: line 1, column 6: expected a value, "
                + "came the end of the text");
        assertRefused(file("{} x"),
                "the header cannot be read as JSON: line 1, column 4: expected the end of the text, came 'x'");
        assertRefused(file("{\"a\":" + "[".repeat(100_000)),
                "the header cannot be read as JSON: line 1, column 69: nested deeper than 64");
        assertRefused(file("{\"a\":{},\"a\":{}}"),
                "the header cannot be read as JSON: line 1, column 9: the key \"a\" twice in one object");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
        "7                                                      | expected an object, came a number",
        "{}                                                     | dtype: expected a string, came nothing",
        "{'dtype':32,'shape':[1],'data_offsets':[0,8]}          | dtype: expected a string, came a number",
        "{'dtype':'F32','data_offsets':[0,8]} | shape: expected a list of at most 64 sizes, came nothing",
        "{'dtype':'F32','shape':2,'data_offsets':[0,8]} | shape: expected a list of at most 64 sizes, came a number",
        "{'dtype':'F32','shape':[-2],'data_offsets':[0,8]} | shape: expected an integer from 0 to 2147483647, came -2",
        "{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]} | shape: expected an integer from 0 to 2147483647, came "
            + "2.0",
        "{'dtype':'F32','shape':['2'],'data_offsets':[0,8]} | shape: expected an integer from 0 to 2147483647, came a "
            + "string",
        "{'dtype':'F32','shape':[4294967298],'data_offsets':[0,8]} | "
            + "shape: expected an integer from 0 to 2147483647, came 4294967298",
        "{'dtype':'F32','shape':[2]}                            | data_offsets: expected [begin, end], came nothing",
        "{'dtype':'F32','shape':[2],'data_offsets':[0]} | data_offsets: expected [begin, end], came a list of 1",
        "{'dtype':'F32','shape':[2],'data_offsets':[0,4,8]} | data_offsets: expected [begin, end], came a list of 3",
        "{'dtype':'F32','shape':[2],'data_offsets':[-8,0]} | data_offsets: expected an integer from 0 to "
            + "9223372036854775807, came -8",
        "{'dtype':'F32','shape':[2],'data_offsets':[0,1e1]} | data_offsets: expected an integer from 0 to "
            + "9223372036854775807, came 10.0",
        "{'dtype':'F32','shape':[2],'data_offsets':[0,null]} | data_offsets: expected an integer from 0 to "
            + "9223372036854775807, came nothing",
        "{'dtype':'F32','shape':[2],'data_offsets':[8,0]} | data_offsets: expected begin <= end <= 8, the length of "
            + "the data, came [8, 0]",
        "{'dtype':'F32','shape':[2],'data_offsets':[4,12]} | data_offsets: expected begin <= end <= 8, the length of "
            + "the data, came [4, 12]",
        "{'dtype':'F32','shape':[2],'data_offsets':[9223372036854775800,9223372036854775807]} | "
            + "data_offsets: expected begin <= end <= 8, the length of the data, came [9223372036854775800, "
            + "9223372036854775807]",
        "{'dtype':'F32','shape':[1],'data_offsets':[0,8]} | shape [1] of F32 takes 4 bytes, but data_offsets [0, 8] "
            + "hold 8",
        "{'dtype':'F32','shape':[0],'data_offsets':[0,8]} | shape [0] of F32 takes 0 bytes, but data_offsets [0, 8] "
            + "hold 8",
        "{'dtype':'F32','shape':[2147483647,2147483647,3],'data_offsets':[0,8]} | "
            + "shape [2147483647, 2147483647, 3] asks for more than 2^60 bytes",
        "{'dtype':'F32','shape':[65536,65536,65536,65536],'data_offsets':[0,8]} | "
            + "shape [65536, 65536, 65536, 65536] asks for more than 2^60 bytes",
        "{'dtype':'F32','shape':[2147483647],'data_offsets':[0,8]} | "
            + "shape [2147483647] of F32 takes 8589934588 bytes, but data_offsets [0, 8] hold 8",
    })
    void tensorThatCannotBe(String tensor, String problem) throws IOException {
        assertRefused(file("{\"t\":" + tensor.replace('\'', '"') + "}", new byte[8]), "tensor \"t\": " + problem);
    }

    @Test
    void unknownDtype() throws IOException {
        assertRefused(file("{\"t\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}", new byte[8]),
                "tensor \"t\": unknown dtype \"F31\"; expected one of " + Arrays.toString(DType.values()));
    }

    @Test
    void tooManySides() throws IOException {
        String shape = "[" + "1,".repeat(64) + "1]";
        assertRefused(file("{\"t\":{\"dtype\":\"U8\",\"shape\":" + shape + ",\"data_offsets\":[0,1]}}", new byte[1]),
                "tensor \"t\": shape: expected a list of at most 64 sizes, came a list of 65");
    }

    private static String two(int begin1, int end1, int begin2, int end2) {
        String tensor = "{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[%d,%d]}";
        return "{\"a\":" + String.format(tensor, end1 - begin1, begin1, end1)
                + ",\"b\":" + String.format(tensor, end2 - begin2, begin2, end2) + "}";
    }

    @Test
    void overlaps() throws IOException {
        assertRefused(file(two(0, 5, 4, 8), new byte[8]), "tensor \"b\": overlaps tensor \"a\"");
        assertRefused(file(two(2, 8, 0, 4), new byte[8]), "tensor \"a\": overlaps tensor \"b\"");
        assertRefused(file(two(0, 8, 0, 8), new byte[8]), "tensor \"b\": overlaps tensor \"a\"");
        assertRefused(file(two(0, 8, 4, 4), new byte[8]), "tensor \"b\": overlaps tensor \"a\"");
    }

    @Test
    void holes() throws IOException {
        assertRefused(file(two(0, 3, 4, 8), new byte[8]),
                "tensor \"b\": expected its data at offset 3, where the tensor before it ends, came 4");
        assertRefused(file(two(1, 3, 3, 8), new byte[8]),
                "tensor \"a\": expected its data at offset 0, where the tensor before it ends, came 1");
        assertRefused(file(two(0, 3, 3, 7), new byte[8]), "expected 7 bytes of data, came 8");
        assertRefused(file("{}", new byte[1]), "expected 0 bytes of data, came 1");
    }

    @Test
    void metadataThatIsNoObjectOfStrings() throws IOException {
        assertRefused(file("{\"__metadata__\":[]}"), "__metadata__: expected an object of strings, came a list of 0");
        assertRefused(file("{\"__metadata__\":{\"a\":1}}"), "__metadata__.\"a\": expected a string, came a number");
    }

    @Test
    void aHostileNameStaysOnOneShortLine() {
        String name = "evil\\n\\u001b[31m" + "x".repeat(100_000);
        assertThatThrownBy(() -> SafeTensors.of(ByteBuffer.wrap(file("{\"" + name + "\":3}")), Path.of("bad")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("bad: tensor \"evil\\n\\u001b[31mxxx").hasMessageEndingWith(
                        "...\": expected an object, came a number")
                .satisfies(thrown -> assertThat(thrown.getMessage()).hasSizeLessThan(250));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":{", "[", "0,", "\"\\u00e9\",", "{},", "                ", "\"x\":{},", "9"})
    void aHugeHeaderIsRefusedWithoutMuchHeap(String unit) {
        // The test JVM has 1500 MB; what is retained is bounded by Json at 128 MiB.
        byte[] content = file("{\"t\":[" + unit.repeat(60_000_000 / unit.length()));
        assertThatThrownBy(() -> SafeTensors.of(ByteBuffer.wrap(content), Path.of("bad")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("bad: the header cannot be read as JSON: ");
    }
}
