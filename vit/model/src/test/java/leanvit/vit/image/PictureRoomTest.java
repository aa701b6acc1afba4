package leanvit.vit.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.io.NoRoomException;
import org.junit.jupiter.api.Test;

class PictureRoomTest {

    private static final long MIB = 1 << 20;

    @Test
    void aPictureOf48MebipixelsFitsIntoAHeapOf512OnceAndNotTwice() throws IOException {
        // What the collectors leave of -Xmx512m at least: Serial and Parallel count one survivor space out.
        PictureRoom.Share share = new PictureRoom.Share(494 * MIB);
        share.take("a.jpg", 7L * (48 << 20), 0, TimeUnit.SECONDS).close();
        try (PictureRoom first = share.take("a.png", 3L * (48 << 20), 0, TimeUnit.SECONDS);
                PictureRoom second = share.take("b.png", 3L * (48 << 20), 0, TimeUnit.SECONDS)) {
            assertThat(first).isNotSameAs(second);
            assertThatThrownBy(() -> share.take("c.png", 3L * (48 << 20), 1, TimeUnit.MILLISECONDS))
                    .isInstanceOf(NoRoomException.class).isNotInstanceOf(InvalidInputException.class)
                    .hasMessage("c.png: decoding it takes 144 MiB, and of the Java heap of 494 MiB at most 340 MiB are "
                            + "for pictures, which others hold now");
        }
        share.take("c.png", 3L * (48 << 20), 0, TimeUnit.SECONDS).close();
    }

    @Test
    void whatCanNeverFitIsRefusedAtOnce() {
        PictureRoom.Share share = new PictureRoom.Share(160 * MIB);
        assertThatThrownBy(() -> share.take("a.png", 144 * MIB, 1, TimeUnit.HOURS)).isInstanceOf(NoRoomException.class)
                .hasMessage("a.png: decoding it takes 144 MiB, and of the Java heap of 160 MiB at most 110 MiB are for "
                        + "pictures");
    }

    @Test
    void aPictureWaitsForTheRoomThatOthersHold() throws Exception {
        PictureRoom.Share share = new PictureRoom.Share(16 * MIB);
        PictureRoom held = share.take("a.png", 10 * MIB, 0, TimeUnit.SECONDS);
        CompletableFuture<PictureRoom> waiting = CompletableFuture.supplyAsync(() -> {
            try {
                return share.take("b.png", 2 * MIB, 1, TimeUnit.HOURS);
            } catch (NoRoomException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(waiting).isNotDone();
        held.close();
        waiting.get(1, TimeUnit.MINUTES).close();
    }

    @Test
    void aHeldPictureKeepsItsRoomAndAFailedOneDoesNot() throws IOException {
        PictureRoom.Share share = new PictureRoom.Share(16 * MIB);
        RgbImage image = RgbImage.black(2, 2);
        HeldPicture held = share.take("a.png", 10 * MIB, 0, TimeUnit.SECONDS).hold(() -> image);
        assertThat(held.image()).isSameAs(image);
        assertThatThrownBy(() -> share.take("b.png", 10 * MIB, 0, TimeUnit.SECONDS))
                .isInstanceOf(NoRoomException.class);
        held.close();
        held.close();
        assertThatThrownBy(held::image).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> share.take("b.png", 10 * MIB, 0, TimeUnit.SECONDS).hold(() -> {
            throw new InvalidInputException("b.png", "broken");
        })).hasMessage("b.png: broken");
        assertThatThrownBy(() -> share.take("b.png", 10 * MIB, 0, TimeUnit.SECONDS).hold(() -> {
            throw new OutOfMemoryError("thrown by the test");
        })).isInstanceOf(OutOfMemoryError.class);
        share.take("c.png", 10 * MIB, 0, TimeUnit.SECONDS).close();
        HeldPicture.of(image).close();
    }

    @Test
    void oneThatIsInterruptedSaysSo() throws IOException {
        PictureRoom.Share share = new PictureRoom.Share(16 * MIB);
        try (PictureRoom held = share.take("a.png", 10 * MIB, 0, TimeUnit.SECONDS)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> share.take("b.png", 10 * MIB, 1, TimeUnit.HOURS)).isNotSameAs(held)
                    .isInstanceOf(NoRoomException.class).hasMessageContaining("interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
