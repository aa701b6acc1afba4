package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureLimitsTest {

    private static final PictureLimits ANY = new PictureLimits(1 << 20, 1 << 12, 1 << 20, 100);

    @TempDir
    Path directory;

    @Test
    void theDefaultFollowsTheHeap() {
        assertThat(PictureLimits.of(8L << 30)).isEqualTo(new PictureLimits(48 << 20, 65_500, 128 << 20, 50));
        assertThat(PictureLimits.of(512 << 20)).isEqualTo(new PictureLimits(48 << 20, 65_500, 128 << 20, 50));
        // A PNG of 8192 x 6144 would take 144 MiB.
        assertThat(PictureLimits.of(256 << 20).maxPixels()).isEqualTo((128 << 20) / 3).isLessThan(8192 * 6144);
        assertThat(PictureLimits.of(256 << 20).maxBytes()).isEqualTo(64 << 20);
    }

    @Test
    void limitsOutsideTheirRangeAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new PictureLimits(0, 1, 1, 1))
                .withMessage("maxPixels must be from 1 to 500000000, not 0");
        assertThatIllegalArgumentException().isThrownBy(() -> new PictureLimits(1, 65_501, 1, 1))
                .withMessageContaining("maxSide");
        assertThatIllegalArgumentException().isThrownBy(() -> new PictureLimits(1, 1, -1, 1))
                .withMessageContaining("maxBytes");
        assertThatIllegalArgumentException().isThrownBy(() -> new PictureLimits(1, 1, 1, 0))
                .withMessageContaining("maxScans");
    }

    @Test
    void everyLimitHoldsForEveryWayIn() throws IOException {
        byte[] png = new TestPng().header(3, 2, 8, 0, 0).data(new byte[] {0, 1, 2, 3, 0, 4, 5, 6}).end();
        byte[] jpeg = TestJpeg.write(TestJpeg.smooth(30, 20, 1), true);
        assertRefused(png, new PictureLimits(5, 100, 1000, 9), "claims a size of 3 x 2 pixels, the limit is 5 pixels");
        assertRefused(png, new PictureLimits(6, 2, 1000, 9), "the limit is 6 pixels and 2 a side");
        assertRefused(png, new PictureLimits(6, 3, png.length - 1, 9), "is larger than the limit of");
        assertRefused(jpeg, new PictureLimits(599, 100, 1 << 20, 90), "claims a size of 30 x 20");
        int scans = scans(jpeg);
        assertRefused(jpeg, new PictureLimits(600, 30, 1 << 20, scans - 1),
                "has more than " + (scans - 1) + " scans, the limit");
        assertThat(Pictures.decode("x", png, new PictureLimits(6, 3, png.length, 1)).pixel(2, 1))
                .isEqualTo(6 * 0x010101);
        assertThat(Pictures.decode("x", jpeg, new PictureLimits(600, 30, jpeg.length, scans)).width()).isEqualTo(30);
    }

    private void assertRefused(byte[] bytes, PictureLimits limits, String reason) throws IOException {
        Path file = Files.write(directory.resolve("x"), bytes);
        assertThatThrownBy(() -> Pictures.read(file, limits)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith(file + ": ").hasMessageContaining(reason);
        assertThatThrownBy(() -> Pictures.decode("x", bytes, limits)).isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("x: ").hasMessageContaining(reason);
        assertThatThrownBy(() -> Pictures.decode("x", ByteBuffer.wrap(bytes), limits)).hasMessageContaining(reason);
        assertThatThrownBy(() -> Pictures.decode("x", new ByteArrayInputStream(bytes), limits))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining(reason);
    }

    private static int scans(byte[] jpeg) {
        int scans = 0;
        for (int i = 0; i + 1 < jpeg.length; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == 0xda) {
                scans++;
            }
        }
        return scans;
    }

    @Test
    void anEndlessStreamIsRefusedAtTheLimit() {
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }
        };
        assertThatThrownBy(() -> Pictures.decode("pipe", endless, ANY)).isInstanceOf(InvalidInputException.class)
                .hasMessage("pipe: is larger than the limit of 1048576 bytes");
    }

    @Test
    void everyKindOfBufferGivesItsRemainingBytes() throws IOException {
        for (byte[] file : new byte[][] {TestJpeg.write(TestJpeg.smooth(40, 30, 7), false),
            new TestPng().header(3, 2, 8, 0, 0).data(new byte[] {0, 1, 2, 3, 0, 4, 5, 6}).end()}) {
            byte[] expected = Pictures.decode("x", file, ANY).samples();
            byte[] around = new byte[file.length + 20];
            new Random(5).nextBytes(around);
            ByteBuffer direct = ByteBuffer.allocateDirect(around.length);
            for (ByteBuffer buffer : new ByteBuffer[] {ByteBuffer.wrap(around), direct}) {
                buffer.put(13, file).position(13).limit(13 + file.length);
                for (ByteBuffer view : new ByteBuffer[] {buffer, buffer.slice(), buffer.asReadOnlyBuffer()}) {
                    int position = view.position();
                    assertThat(Pictures.decode("x", view, ANY).samples()).isEqualTo(expected);
                    assertThat(view.position()).isEqualTo(position);
                }
            }
            assertThat(Pictures.decode("x", ByteBuffer.wrap(file).asReadOnlyBuffer(), ANY).samples())
                    .isEqualTo(expected);
        }
    }

    @Test
    void aNameIsShownOnOneLineAndMayBeMissing() {
        byte[] bytes = {1};
        assertThatThrownBy(() -> Pictures.decode(null, bytes, ANY)).hasMessage("picture: is not a JPEG or PNG picture");
        assertThatThrownBy(() -> Pictures.decode("", new byte[0], ANY)).hasMessageStartingWith("picture: is empty");
        assertThatThrownBy(() -> Pictures.decode((Path) null, bytes)).hasMessageStartingWith("picture: ");
        assertThatThrownBy(() -> Pictures.decode("a\nb\u2028c\u0000:?*<>\u202ed", bytes, ANY))
                .hasMessageStartingWith("a?b?c?:?*<>?d: ");
        assertThatThrownBy(() -> Pictures.decode("x".repeat(10_000), bytes, ANY))
                .hasMessageStartingWith("x".repeat(255) + "...: ");
    }
}
